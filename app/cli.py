"""The `perkline` command: thin doors, each opened only when somebody goes through it."""

import json
import sys
from importlib import import_module
from typing import Any

import click

# What a command calls is imported when it is called, so that asking for help does not load the house.
PLACES = {
    "run": "app.launcher:run",
    "reset": "app.launcher:reset",
    "standing": "app.launcher:standing",
    "inside": "app.launcher.inside:inside",
    "load": "app.config:load",
    "migrate": "app.schema:migrate",
    "seed": "app.demo.seed:seed",
    "sheet": "app.demo.sheet:sheet",
    "rotate_master_key": "app.flows.rotate_keys:rotate_master_key",
    "rotate_data_keys": "app.flows.rotate_keys:rotate_data_keys",
    "prove": "app.flows.prove:prove",
}
# By name, because to import them would load the house.
SAID_IN_ONE_SENTENCE = {"BadSetting", "EmbeddedError", "HomeBusy", "PortTaken", "CannotOpen"}
BENCHES = {
    "coupons": "app.bench.coupons:run",
    "groups": "app.bench.groups:run",
    "import": "app.bench.import_stock:run",
    "payout": "app.bench.payout:run",
    "prove": "app.bench.prove:run",
    "flash": "app.bench.flash:run",
    "purchase": "app.bench.purchase:run",
    "quote": "app.bench.quote:run",
    "settle": "app.bench.settle:run",
    "storefront": "app.bench.storefront:run",
    "tenants": "app.bench.tenants:run",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def perkline() -> None:
    """Digital goods sold through distributors: run the house, fill it, measure it."""


@perkline.command()
def run() -> None:
    """Start everything and keep it running until Ctrl-C."""
    sys.exit(_the("run")())


@perkline.command()
@click.option("--force", is_flag=True, help="Do not ask.")
def reset(force: bool) -> None:
    """Delete all data of this home."""
    sys.exit(_the("reset")(force=force))


@perkline.command()
def migrate() -> None:
    """Bring the database to the newest version."""
    with _the("standing")(who="perkline migrate") as settings:
        _the("migrate")(_the("load")(settings))


@perkline.group()
def demo() -> None:
    """The demo: five shops, their goods and sixty days of orders."""


@demo.command("seed")
@click.option("--if-empty", is_flag=True, help="Leave a house alone that has a brand or a shop.")
def demo_seed(if_empty: bool) -> None:
    """Fill the database with the demo."""
    with _the("inside")(who="perkline demo seed"):
        planted = _the("seed")(if_empty=if_empty)
    click.echo(f"Planted {planted}." if planted else "There is something here already: nothing was planted.")


@demo.command("sheet")
def demo_sheet() -> None:
    """Print the demo's addresses and logins."""
    with _the("inside")(who="perkline demo sheet"):
        click.echo(_the("sheet")())


@perkline.group()
def keys() -> None:
    """The keys under which codes are kept."""


@keys.command("rotate")
@click.option("--data", is_flag=True, help="Also give every brand a new data key and seal its codes again.")
def keys_rotate(data: bool) -> None:
    """Wrap every data key under the first of MASTER_KEYS, while the shops stay open."""
    with _the("inside")(who="perkline keys rotate"):
        done = _the("rotate_master_key")()
        click.echo(f"{done.rewrapped} data keys wrapped again.")
        if data:
            done = _the("rotate_data_keys")(
                tell=lambda moved: click.echo(f"{moved} secrets sealed again …", err=True)
            )
            click.echo(f"{done.new_keys} new data keys, {done.resealed} secrets sealed again.")


@perkline.group()
def ledger() -> None:
    """The books."""


@ledger.command("prove")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ledger_prove(as_json: bool) -> None:
    """Add everything up again and compare it with all it tells of; exit 1 and name what differs."""
    with _the("inside")(who="perkline ledger prove"):
        proof = _the("prove")()
    if as_json:
        click.echo(json.dumps(proof.as_json(), indent=2, ensure_ascii=False))
    else:
        for difference in proof.differences:
            click.echo(json.dumps(difference, ensure_ascii=False))
        found = (
            f"{len(proof.differences)} differences" if proof.differences else "every cent is where it belongs"
        )
        click.echo(
            f"Proof {proof.id}: {proof.entries:,} entries of {proof.transactions:,} transactions, {found}."
        )
    sys.exit(1 if proof.differences else 0)


@perkline.command()
@click.argument("name", type=click.Choice(sorted(BENCHES)))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--seconds", type=float, help="How long each measurement lasts.")
def bench(name: str, as_json: bool, seconds: float | None) -> None:
    """Measure in a house of its own that is thrown away afterwards; fails where what it measured is broken."""
    options = {} if seconds is None else {"seconds": seconds}
    figures = _call(BENCHES[name], **options)
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        for key, value in figures.items():
            click.echo(f"{key:28} {value}")
    sys.exit(1 if figures.get("broken") else 0)


def _the(name: str) -> Any:
    module, _, attribute = PLACES[name].partition(":")
    return getattr(import_module(module), attribute)


def _call(place: str, **options: Any) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)(**options)


def main() -> None:
    """Run one command; what a person can put right is said in one sentence."""
    try:
        perkline()
    except Exception as problem:
        if type(problem).__name__ not in SAID_IN_ONE_SENTENCE:
            raise
        sys.exit(f"perkline: {problem}")


if __name__ == "__main__":
    main()
