name = "from the upload"
