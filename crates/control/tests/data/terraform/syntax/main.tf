resource "terraform_data" "server" {
  input = "unclosed
}
