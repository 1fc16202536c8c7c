"""What every table of the profile has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen table of the profile. Unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
