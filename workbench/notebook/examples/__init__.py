"""A task's examples and the test items that seeds disagree on, as people read them."""
