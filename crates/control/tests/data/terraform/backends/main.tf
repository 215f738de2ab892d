terraform {
  cloud {
    organization = "acme"

    workspaces {
      name = "production"
    }
  }
}

output "done" {
  value = terraform.workspace
}
