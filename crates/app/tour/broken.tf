# A small network, described with what Terraform has built in, so that nothing needs an account.

variable "environment" {
  type    = string
  default = "prod"
}

locals {
  subnets = {
    for index, zone in ["a", "b", "c"] : zone => "10.0.${index + 1}.0/24"
  }
}

# The mistake: the local value is called "subnets".
resource "terraform_data" "subnet" {
  for_each = local.subnet

  input = {
    name = "${var.environment}-${each.key}"
    cidr = each.value
  }
}

output "subnets" {
  value = { for zone, subnet in terraform_data.subnet : zone => subnet.output.cidr }
}
