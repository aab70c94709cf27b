"""What is deployed beside the code: policies, reference data, migrations, process files."""
