"""The datasets as data: 14 departments, 43 datasets, 451 items, each with its owner, legal basis, type and checks."""

from services.ingest.catalogue.definitions import Choice, Dataset, Department, Item, Subject
from services.ingest.catalogue.description import csv_template, json_schema
from services.ingest.catalogue.loading import SHIPPED, Catalogue, load, shipped

__all__ = [
    "SHIPPED",
    "Catalogue",
    "Choice",
    "Dataset",
    "Department",
    "Item",
    "Subject",
    "csv_template",
    "json_schema",
    "load",
    "shipped",
]
