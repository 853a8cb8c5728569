"""Care with what the bank knows: who may see whom, what is masked, and what it takes to look all the same."""
