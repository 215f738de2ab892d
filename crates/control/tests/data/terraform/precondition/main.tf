variable "size" {
  type    = number
  default = 3
}

resource "terraform_data" "server" {
  input = var.size

  lifecycle {
    precondition {
      condition     = var.size % 2 == 0
      error_message = "The size must be even, got ${var.size}."
    }
  }
}
