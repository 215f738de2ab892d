terraform {
  required_providers {
    cloud = {
      source  = "example.invalid/acme/cloud"
      version = "~> 2.0"
    }
  }
}

resource "cloud_server" "web" {}
