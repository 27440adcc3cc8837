"""Prints every command of the Azure CLI, one a line."""
from azure.cli.core import get_default_cli

cli = get_default_cli()
cli.invocation = cli.invocation_cls(cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls, help_cls=cli.help_cls)
cli.invocation.commands_loader.load_command_table(None)
print("\n".join(sorted(cli.invocation.commands_loader.command_table)))
