"""A synthetic district, one to one with Yuhang: for demo, training and tests. Product code never imports it."""
