"""Names of countries as registers put them behind a name: ``Spotify (Sweden)``."""

from typing import Final

_TABLE = """
AD Andorra; AE United Arab Emirates; AF Afghanistan; AL Albania; AM Armenia; AO Angola;
AQ Antarctica; AR Argentina; AS American Samoa; AT Austria; AU Australia; AW Aruba;
AX Åland; AZ Azerbaijan; BA Bosnia and Herzegovina; BB Barbados; BD Bangladesh; BE Belgium;
BF Burkina Faso; BG Bulgaria; BH Bahrain; BI Burundi; BJ Benin; BM Bermuda; BN Brunei;
BO Bolivia; BQ Bonaire, Sint Eustatius, and Saba; BR Brazil; BS Bahamas; BT Bhutan;
BW Botswana; BY Belarus; BZ Belize; CA Canada; CD DR Congo;
CD Democratic Republic of the Congo; CF Central African Republic; CG Congo Republic;
CG Republic of the Congo; CH Switzerland; CI Ivory Coast; CL Chile; CM Cameroon; CN China;
CO Colombia; CR Costa Rica; CU Cuba; CV Cabo Verde; CV Cape Verde; CW Curaçao; CY Cyprus;
CZ Czech Republic; CZ Czechia; DE Germany; DJ Djibouti; DK Denmark; DM Dominica;
DO Dominican Republic; DZ Algeria; EC Ecuador; EE Estonia; EG Egypt; ER Eritrea; ES Spain;
ET Ethiopia; FI Finland; FJ Fiji; FK Falkland Islands; FO Faroe Islands; FR France;
GA Gabon; GB UK; GB United Kingdom; GD Grenada; GE Georgia; GF French Guiana; GG Guernsey;
GH Ghana; GI Gibraltar; GL Greenland; GM The Gambia; GN Guinea; GP Guadeloupe;
GQ Equatorial Guinea; GR Greece; GT Guatemala; GU Guam; GW Guinea-Bissau; GY Guyana;
HK Hong Kong; HN Honduras; HR Croatia; HT Haiti; HU Hungary; ID Indonesia; IE Ireland;
IL Israel; IM Isle of Man; IN India; IQ Iraq; IR Iran; IS Iceland; IT Italy; JE Jersey;
JM Jamaica; JO Jordan; JP Japan; KE Kenya; KG Kyrgyzstan; KH Cambodia; KI Kiribati;
KM Comoros; KN Saint Kitts and Nevis; KP North Korea; KR South Korea; KW Kuwait;
KY Cayman Islands; KZ Kazakhstan; LA Laos; LB Lebanon; LC Saint Lucia; LI Liechtenstein;
LK Sri Lanka; LR Liberia; LS Lesotho; LT Lithuania; LU Luxembourg; LV Latvia; LY Libya;
MA Morocco; MC Monaco; MD Moldova; ME Montenegro; MG Madagascar; MK Macedonia;
MK North Macedonia; ML Mali; MM Myanmar; MN Mongolia; MO Macao; MQ Martinique;
MR Mauritania; MS Montserrat; MT Malta; MU Mauritius; MV Maldives; MW Malawi; MX Mexico;
MY Malaysia; MZ Mozambique; NA Namibia; NC New Caledonia; NE Niger; NG Nigeria;
NI Nicaragua; NL Netherlands; NL The Netherlands; NO Norway; NP Nepal; NZ New Zealand;
OM Oman; PA Panama; PE Peru; PF French Polynesia; PG Papua New Guinea; PH Philippines;
PK Pakistan; PL Poland; PM Saint Pierre and Miquelon; PR Puerto Rico; PS Palestine;
PT Portugal; PW Palau; PY Paraguay; QA Qatar; RE Réunion; RO Romania; RS Serbia; RU Russia;
RU Russian Federation; RW Rwanda; SA Saudi Arabia; SB Solomon Islands; SC Seychelles;
SD Sudan; SE Sverige; SE Sweden; SG Singapore; SI Slovenia; SJ Svalbard and Jan Mayen;
SK Slovakia; SL Sierra Leone; SM San Marino; SN Senegal; SO Somalia; SR Suriname;
SS South Sudan; ST São Tomé and Príncipe; SV El Salvador; SY Syria; SZ Eswatini;
SZ Swaziland; TD Chad; TG Togo; TH Thailand; TJ Tajikistan; TL Timor-Leste; TM Turkmenistan;
TN Tunisia; TO Tonga; TR Turkey; TR Türkiye; TT Trinidad and Tobago; TW Taiwan; TZ Tanzania;
UA Ukraine; UG Uganda; US USA; US United States; UY Uruguay; UZ Uzbekistan; VE Venezuela;
VG British Virgin Islands; VI U.S. Virgin Islands; VN Vietnam; VU Vanuatu; WS Samoa;
XK Kosovo; YE Yemen; YT Mayotte; ZA South Africa; ZM Zambia; ZW Zimbabwe
"""

COUNTRY_CODES: Final[dict[str, str]] = {
    name.casefold(): code
    for code, _, name in (entry.strip().partition(" ") for entry in _TABLE.split(";"))
}
"""The ISO 3166-1 alpha-2 code of a country, by its name in lower case."""


def country_names(code: str) -> list[str]:
    """Give the names of a country, and the short ones that companies bear.

    >>> country_names("GB")
    ['uk', 'united kingdom']
    """
    return [name for name, own in COUNTRY_CODES.items() if own == code]
