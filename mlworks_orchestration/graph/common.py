"""What all assets of a model share, applied once."""

from collections.abc import Sequence

import dagster as dg

from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.partitions import definition
from mlworks_orchestration.spec import MLModel


def model_spec(  # noqa: PLR0913 - each says another thing about the asset
    model: MLModel,
    asset: str,
    description: str,
    *,
    deps: Sequence[dg.AssetKey | dg.AssetDep],
    kinds: set[str],
    persona: str,
    partitioned: bool = False,
) -> dg.AssetSpec:
    """Describe one of a model's assets, with the owners, group and tags that all of them carry.

    Parameters:
        model: the model's declaration.
        asset: the asset's name within the model.
        description: what it is.
        deps: what it is made of.
        kinds: technologies, shown as icons.
        persona: whose work it is, a tag.
        partitioned: whether it has the model's partitions.
    """
    owners = dict.fromkeys(filter(None, [model.owners.data_science, getattr(model.owners, persona, None)]))
    return dg.AssetSpec(
        names.of_model(model.name, asset),
        description=description,
        deps=deps,
        group_name=model.name,
        owners=list(owners),
        kinds=kinds,
        tags={"domain": model.domain, "persona": persona, "risk": model.risk},
        partitions_def=definition(model.partitions) if partitioned else None,
    )
