"""Which names of organisations are names of persons.

Some registries list sole traders under their own name. That is a person's data, and the graph has
none, so an importer leaves such a record out. The test errs on the side of leaving out: a title, or
two words of which one is a given name (van, de and their like not counted), or more words with at
least two given names or initials, or a Swedish patronymic beside a given name; and nothing that
tells an organisation. A legal person may be named after one: "Carl Zeiss AG" stays, and so does
the name of a business that a person's name is only a part of. It knows the given names that are
common in the countries of the EU, and those of the sole traders that CORDIS lists.
"""

import re
import unicodedata
from typing import Final

from klustergraf.sources.records import ActorRecord

_GIVEN: Final = frozenset(
    """
    adam adrian agnes agnieszka aidan alain alan albert alberto alejandra alejandro
    aleksander alessandro alex alexander alexandra alfred alice aliki ana anders andre
    andrea andreas andrei andrej andres andrew andrzej angela angelo anja anke ankie ann
    anna anne annemarie annika anthony antje anton antonia antonio apostolos arie arne
    arnold arthur arun astrid athanasios aurelia aurelie axel barbara barend bartlomiej
    bastiaan beata beatrice ben benedikt bengt benjamin bente bernard bernd bernhard bert
    birgit birgitta bjoern bjorn bo boris brian brigitte bruno camilla caner carina carl
    carla carlo carlos carmen carolina caroline carsten casper catherine cecilia celia
    charles charlotta christa christer christian christiane christina christine christof
    christoph christophe christopher christos claes claire clara claude claudia claudio
    colin conradus corinne cornelia cornelis cornelius cristian cristina dag damian daniel
    daniela daniele david denis dennis didier diego dieter dietmar dimitar dimitrios
    dimitris dirk dominik dominique donal donald doreen dorothea duarte dusan eberhard
    eduard eduardo edward egbertus elbertus elena elisabeth elizabeth elke emanuele emil
    emilio emma emmanuel engelbert enrico erich erik erika erna ernest ernst erwan esther
    eugenio eva evangelia evgenia fabio fabrizio federico feliks felix fernando filip filipa
    flemming florian francesca francesco francis francisco franck francois frank franz fred
    frederic frederick fredrik friedrich fritz gabriel gabriela gabriele gary geert
    genevieve geoffrey georg george georges georgios gerald gerard gerd gerhard gerrit
    gesine giacomo gianfranco gianluca gianni gilles giorgio giovanni giulia giulio giuseppe
    gordon grace graham grigorios grzegorz guenter guenther guido guillaume gunnar gunter
    gustav guy hakan hanna hans harald harmannus harry hazel heike heiko heinrich heinz
    heleen helen helena helene helga helmut hendrik henri henrik henry henryka herbert
    hermann hermina hubert hubrecht hugh hugo ian igor ilaria ilse inga ingrid ioannis irene
    irina isabel isabelle ismo iva ivan ivo jacek jack jacob jacoba jacques jakob james jan
    jane janina janos janusz jaroslav javier jean jeffrey jens jeremy jerzy jesper jill jiri
    joachim joan joanna joao joerg johan johann johanna johannes john jonas jonathan jordi
    jorg jorge jorgen jose josef joseph jozef jozsef juan juerg juergen julia julian julien
    julio jurgen jussi kai kalevi karel karen karima karin karl karlheinz karoline karsten
    katarina katarzyna katharina katja keith kenneth kerstin kevin kirsten kjell klaus koen
    konrad konstantinos kristian kristina krzysztof ksenija kurt lars laszlo laura laurent
    lena lennart leo leon liam liana libor lidia liliana lilja lorenzo lorraine louis luca
    lucas lucia lucie ludwig luigi luis lukas maarten maciej magdalena magnus malcolm malin
    manfred manuel manuela marc marcel marcin marco marcos marcus marek margaret margit
    maria mariana mariann marianne mariano marie marilyn marina mario marion mariska marius
    mark markus marta martha martin martina mary mascia massimo mathias mats matteo matthew
    matthias maurice maurizio max maximilian mehmet michael michaela michal michel michele
    mieke miguel mikael milan mireia miroslav monica monika morten myriam nadia natalia
    nathalie nazzareno neelina neil nenad nicholas niclas nicola nicolas niels nigel
    nikolaas nikolaj nikolaos nikolaus nikos nils nina norbert ola olaf olavi ole oleg
    oliver olivier oliwia olle olof oscar oskar otto pablo panagiotis paola paolo pascal
    patricia patrick paul paula paulo paulus pavel pedro pekka per peter petr petra
    petronelle philip philipp philippe pia pierre pieter pilvikki pinelopi piotr plamen
    rafael raimund rainer rajendar ralf ralph ramon raul regina reiner reinhard renate rene
    ricardo richard rita robbert robert roberta roberto robin roger roland rolf roman ronald
    ronny rosa rudolf ruth sabine sabrina salvatore samuel sandra sara sarah sebastian
    selina sergio siegfried silke silvia simon simona simone sirkku sofia sonja soren stefan
    stefania stefano steffen sten stephan stephane stephanie stephen steve steven stewart
    stig susan susanne sven svetlana sylvia sylvie tadeusz taeke tamas tanja terence teresa
    tero teun theodor theofanis theresa thierry thilo thomas thorsten tim timo timothy
    tobias tom tomas tomasz tony torsten trevor tristram udo ulf ulla ulrich ulrike umberto
    uros urs ursula ute uwe valentina valerie vasile vasileios veronica vicente victor
    viktor vincent vincenzo virginio vladimir walter wanda werner wiebke wilhelm willem
    willemina william willibrordus willy wim wojciech wolfgang xavier yury yves yvonne zenon
    zoltan zsolt
    """.split()  # noqa: SIM905 - a list that is read as running text
)
_TITLES: Final = frozenset(("dr", "prof", "mr", "mrs", "ms", "herr", "frau", "dott", "dipl", "ing"))
_PARTICLES: Final = frozenset(("van", "der", "den", "de", "von", "da", "dos", "di", "ter", "la"))
# A word of an organisation beside a given name: what stands there is no person.
_TELLING: Final = re.compile(
    r"univ|hosp|clini|klin|institut|cent(er|re|rum)|found|stift|stichting|fond|school|schul|college"
    r"|academ|akadem|museum|associ|societ|company|group|consult|service|system|tech|pharma|bio|lab"
    r"|energ|engineer|solution|design|studio|film|media|press|verlag|data|soft|digital|medical|nova"
    r"|arndt|aea|council|city|aktiebol|internat|gesellschaft|minist|agenc|trust|register|marine|shipping|sport|azienda|stadt|kommun|region|^(ab|ag|as|bv|gmbh|inc|kg|llc|llp|ltd|limited|lda|nv|oy|plc|sa"
    r"|sas|sarl|sl|spa|sprl|srl|sro|doo|ev|eu|eeig|aisbl|asbl|and|und|et|y|st|san|santa|sankt|saint)$"
)


def is_person_name(name: str) -> bool:
    """Tell whether a name is most likely that of a person.

    >>> [is_person_name(name) for name in ("MEYER KARIN", "Karin Meyer GmbH", "Carl Zeiss AG")]
    [True, False, False]
    """
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    words = re.findall("[a-z]+", plain)
    if any(character.isdigit() or character in "&/()" for character in name):
        return False
    if not words or any(_TELLING.search(word) for word in words):
        return False
    is_titled = words[0] in _TITLES
    words = [word for word in words if word not in _TITLES and word not in _PARTICLES]
    if not 2 <= len(words) <= 4:
        return False
    given = sum(1 for word in words if word in _GIVEN)
    initials = sum(1 for word in words if len(word) == 1)
    is_patronymic = any(word.endswith("sson") for word in words)
    return is_titled or (
        bool(given) and (len(words) == 2 or given + initials >= 2 or is_patronymic)
    )


def names_a_person(record: ActorRecord) -> bool:
    """Tell whether the record of an organisation goes by the name of a person."""
    return any(name.kind == "label" and is_person_name(name.text) for name in record.names)
