variable "password" {
  type = string
}

variable "users" {
  type      = map(object({ key = string, admin = bool }))
  sensitive = true
  default   = {}
}

resource "terraform_data" "login" {
  input = {
    user     = "root"
    password = var.password
    users    = var.users
  }
}

output "user" {
  value = "root"
}

output "password" {
  value     = var.password
  sensitive = true
}
