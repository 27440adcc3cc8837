"""Prints every public operation of azure-ai-ml's MLClient, `group.operation` a line."""
import inspect
import typing

from azure.ai.ml import MLClient

for group, member in inspect.getmembers(MLClient, lambda one: isinstance(one, property)):
    operations = typing.get_type_hints(member.fget).get("return")
    if inspect.isclass(operations) and operations.__name__.endswith("Operations"):
        for name, _ in inspect.getmembers(operations, inspect.isfunction):
            if not name.startswith("_"):
                print(f"{group}.{name}")
