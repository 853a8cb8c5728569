"""What stands behind `sentinel.explanations`: a decision in words. Pure over `sentinel.cedar`; nothing here is stored."""
