resource "terraform_data" "kept" {
  input = "same"
}

resource "terraform_data" "updated" {
  input = {
    size  = 2
    tags  = ["a", "c"]
    notes = "first\n2nd\nthird\n"
  }
}

resource "terraform_data" "replaced" {
  triggers_replace = ["two"]
}

resource "terraform_data" "new_name" {
  input = "moved"
}

moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}

resource "terraform_data" "created" {
  input = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow" }] })
}

output "changed" {
  value = "after"
}

output "added" {
  value = terraform_data.created.id
}
