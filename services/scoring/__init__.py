"""Scoring turns facts about an employer or a project into a risk level, with the reasons and the receipts behind it."""
