variable "password" {
  type = string
}

resource "terraform_data" "first" {
  input = "made"
}

resource "terraform_data" "second" {
  input = terraform_data.first.output

  provisioner "local-exec" {
    command = "echo connecting with ${var.password}; exit 3"
  }
}

resource "terraform_data" "third" {
  input = terraform_data.second.output
}

output "first" {
  value = terraform_data.first.output
}
