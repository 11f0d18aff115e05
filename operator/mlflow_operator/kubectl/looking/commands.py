"""The commands that look: status, history and doctor. They write nothing."""

from datetime import UTC, datetime

from mlflow_operator.kubectl.looking import past
from mlflow_operator.kubectl.looking.doctor import examine, named
from mlflow_operator.kubectl.looking.overview import Overview
from mlflow_operator.kubectl.looking.standing import Object, standing
from mlflow_operator.kubectl.terminal.exits import WELL, WRONG
from mlflow_operator.kubectl.terminal.output import Output, console, emit, say
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.place import Place
from mlflow_operator.kubectl.terminal.running import Command


def status(place: Place, output: Output) -> Command:
    """Servers and slots, what is wrong and the next step."""

    async def command(person: Person) -> int:
        found = await _overview(person, place)
        emit(output, found.data(), lambda to: found.show(to, everywhere=place.everywhere))
        return WRONG if found.troubles else WELL

    return command


def history(name: str, output: Output) -> Command:
    """The attempts of a claim, and what people have said."""

    async def command(person: Person) -> int:
        claim = await person.read("ModelPromotion", name)
        fields = f"spec.promotionRef.name={name}"
        said = await person.if_allowed("PromotionApproval", person.namespace, fields=fields) or []
        words = past.words(claim, said)
        data = {"attempts": past.attempts(claim), "approvals": words}
        emit(output, data, lambda to: past.show(to, claim, words))
        return WELL

    return command


def doctor(place: Place, subject: str | None, output: Output) -> Command:
    """Why one object, or whatever is not ready, is not ready."""

    async def command(person: Person) -> int:
        now = datetime.now(UTC)
        patients = await _patients(person, place, subject)
        found = [await examine(person, patient, now) for patient in patients]
        if not found:
            emit(output, [], lambda to: say(to, "everything is ready"))
        elif output is Output.TABLE:
            for each in found:
                each.show(console())
        else:
            emit(output, [each.data() for each in found], lambda _: None)
        return WELL if all(each.at.is_well for each in found) else WRONG

    return command


async def _overview(person: Person, place: Place) -> Overview:
    where = None if place.everywhere else person.namespace
    return Overview(await person.many("MLflowServer", where), await person.many("ModelPromotion", where))


async def _patients(person: Person, place: Place, subject: str | None) -> list[Object]:
    if subject:
        kind, name = named(subject)
        return [await person.read(kind, name)]
    found = await _overview(person, place)
    return [obj for obj in (*found.servers, *found.claims) if not standing(obj).is_well]
