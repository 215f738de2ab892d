resource "terraform_data" "kept" {
  input = "same"
}

resource "terraform_data" "updated" {
  input = {
    size  = 1
    tags  = ["a", "b"]
    notes = "first\nsecond\nthird\n"
  }
}

resource "terraform_data" "replaced" {
  triggers_replace = ["one"]
}

resource "terraform_data" "removed" {
  input = "gone"
}

resource "terraform_data" "old_name" {
  input = "moved"
}

output "changed" {
  value = "before"
}

output "dropped" {
  value = true
}
