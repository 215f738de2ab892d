resource "terraform_data" "server" {
  input = var.size
}

output "address" {
  value = terraform_data.srever.output
}
