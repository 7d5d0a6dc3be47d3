"""Online look-up: the latest row of each entity, published from the lake to where a request finds it within a millisecond."""

from mlworks_orchestration.data.online.address import ADDRESS, open_store
from mlworks_orchestration.data.online.lookup import Looked, look_up, online_frame
from mlworks_orchestration.data.online.plan import Part, Plan
from mlworks_orchestration.data.online.publish import Published, publish
from mlworks_orchestration.data.online.store import OnlineStore, Row

__all__ = ["ADDRESS", "Looked", "OnlineStore", "Part", "Plan", "Published", "Row", "look_up", "online_frame", "open_store", "publish"]
