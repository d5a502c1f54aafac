"""Which names of organisations are names of persons.

Some registries list sole traders under their own name. That is a person's data, and the graph has
none, so an importer leaves such a record out. The test errs on the side of leaving out: two words
of which one is a given name, or more words with at least two given names or initials, and nothing
that tells an organisation. It knows the given names that are common in the countries of the EU.
"""

import re
from typing import Final

from klustergraf.sources.records import ActorRecord

_GIVEN: Final = frozenset(
    """
    adam adrian agnes alain alan albert alberto alejandro aleksander alessandro alex
    alexander alexandra alfred alice ana anders andre andrea andreas andrei andres andrew
    andrzej angela angelo anja anke ann anna anne annika antje anton antonia antonio arne
    arnold arthur astrid axel barbara beata beatrice ben bengt benjamin bernard bernd
    bernhard bert birgit birgitta bjoern bjorn bo boris brian bruno camilla carina carl
    carla carlo carlos carmen carolina caroline catherine cecilia charles christa christer
    christian christiane christina christine christof christoph christophe christopher claes
    claire clara claude claudia claudio colin cornelia cristian cristina dag daniel
    daniela daniele david denis didier diego dieter dietmar dimitrios dimitris dirk dominik
    dominique donald dorothea eberhard eduardo edward elena elisabeth elizabeth elke
    emanuele emil emilio emma enrico erich erik ernst esther eugenio eva fabio fabrizio
    federico felix fernando filip florian francesca francesco francisco franck francois
    frank franz fred frederic fredrik friedrich fritz gabriel gabriela gabriele gary geert
    georg george georges georgios gerald gerard gerd gerhard giacomo gianluca gilles giorgio
    giovanni giulia giuseppe gordon grace graham grzegorz guenter guenther guido guillaume
    gunnar gunter gustav guy hakan hans harald harry heike heiko heinrich heinz helen helena
    helene helga helmut henri henrik henry herbert hermann hubert hugh hugo ian igor ilse
    inga ingrid ioannis irene isabel isabelle ivan ivo jack jacob jacques jakob james jan
    jane janos janusz jaroslav javier jean jens jeremy jerzy joachim joan joanna joao joerg
    johan johann johanna johannes john jonas jonathan jordi jorge jorgen jose josef joseph
    juan juerg juergen julia julian julien julio jurgen karel karen karin karl karsten
    katarina katharina katja keith kenneth kerstin kevin kirsten kjell klaus konrad
    konstantinos kristian kristina krzysztof kurt lars laszlo laura laurent lena lennart leo
    leon lorenzo louis luca lucas lucia lucie ludwig luigi luis lukas magdalena magnus
    manfred manuel manuela marc marcel marcin marco marcus marek margaret margit maria
    marianne mariano marie marina mario marion marius mark markus marta martha martin
    martina mary massimo mathias mats matteo matthew matthias maurice maurizio max
    maximilian mehmet michael michaela michal michel michele miguel mikael milan miroslav
    monica monika morten nadia natalia nathalie neil nicholas nicola nicolas niels nikolaos
    nikolaus nikos nils nina norbert ola olaf ole oleg oliver olivier olle olof oscar oskar
    otto pablo panagiotis paola paolo pascal patricia patrick paul paula paulo pavel pedro
    pekka per peter petr petra philip philipp philippe pia pierre pieter piotr rafael rainer
    ralf ralph ramon raul regina reinhard renate rene ricardo richard rita robert roberta
    roberto robin roger roland rolf roman ronald rosa rudolf ruth sabine sabrina salvatore
    samuel sandra sara sarah sebastian sergio silke silvia simon simona simone sofia sonja
    soren stefan stefania stefano steffen stephan stephane stephanie stephen steve steven
    stig susan susanne sven svetlana sylvia sylvie tamas tanja terence teresa theodor
    theresa thierry thomas thorsten tim timo timothy tobias tom tomas tomasz tony torsten
    ulf ulla ulrich ulrike urs ursula uwe valentina valerie vasile vasileios veronica victor
    viktor vincent vincenzo vladimir walter werner wilhelm willem william wim wolfgang
    xavier yves yvonne zoltan zsolt
    """.split()  # noqa: SIM905 - a list that is read as running text
)
_TITLES: Final = frozenset(("dr", "prof", "mr", "mrs", "ms", "herr", "frau", "dott", "dipl", "ing"))
# A word of an organisation beside a given name: what stands there is no person.
_TELLING: Final = re.compile(
    r"univ|hosp|clini|klin|institut|cent(er|re|rum)|found|stift|stichting|fond|school|schul|college"
    r"|academ|akadem|museum|associ|societ|company|group|consult|service|system|tech|pharma|bio|lab"
    r"|energ|engineer|solution|design|studio|film|media|press|verlag|data|soft|digital|medical|nova"
    r"|arndt|aea|council|city|stadt|kommun|region|^(ab|ag|as|bv|gmbh|inc|kg|llc|llp|ltd|limited|lda|nv|oy|plc|sa"
    r"|sas|sarl|sl|spa|sprl|srl|sro|doo|ev|eu|eeig|aisbl|asbl|and|und|et|y|st|san|santa|sankt|saint)$"
)


def is_person_name(name: str) -> bool:
    """Tell whether a name is most likely that of a person.

    >>> [is_person_name(name) for name in ("MEYER KARIN", "Karin Meyer GmbH", "Carl Zeiss AG")]
    [True, False, False]
    """
    words = re.findall(r"[^\W\d_]+", name.lower())
    if any(character.isdigit() or character in "&/()" for character in name):
        return False
    titled = bool(words) and words[0] in _TITLES
    words = [word for word in words if word not in _TITLES]
    if not 2 <= len(words) <= 4 or any(_TELLING.search(word) for word in words):
        return False
    given = sum(1 for word in words if word in _GIVEN)
    initials = sum(1 for word in words if len(word) == 1)
    return bool(given) and (titled or len(words) == 2 or given + initials >= 2)


def names_a_person(record: ActorRecord) -> bool:
    """Tell whether the record of an organisation goes by the name of a person."""
    return any(name.kind == "label" and is_person_name(name.text) for name in record.names)
