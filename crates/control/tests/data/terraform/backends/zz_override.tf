terraform {
  backend "s3" {
    bucket = "acme"
    key    = "production.tfstate"
    region = "eu-west-1"
  }
}
