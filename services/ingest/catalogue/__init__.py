"""The datasets as data: 14 departments, 43 datasets, 451 items, each with its owner, legal basis, type and checks."""

from services.ingest.catalogue.definitions import Change, Choice, Dataset, Department, Item, Label, Subject, Traces
from services.ingest.catalogue.description import csv_template, json_schema
from services.ingest.catalogue.loading import SHIPPED, Catalogue, load, shipped
from services.ingest.catalogue.metadata import core_metadata
from services.ingest.catalogue.publication import Book, Publication, Version, history, shipped_book

__all__ = [
    "SHIPPED",
    "Book",
    "Catalogue",
    "Change",
    "Choice",
    "Dataset",
    "Department",
    "Item",
    "Label",
    "Publication",
    "Subject",
    "Traces",
    "Version",
    "core_metadata",
    "csv_template",
    "history",
    "json_schema",
    "load",
    "shipped",
    "shipped_book",
]
