"""Whether a line would be seen where it is to stand: pages of ordinary mail programs, and pages that hide."""

import time

import pytest

from desktop.core.hiding import what_hides


def hidden(page: str, *, at: str = "|") -> str | None:
    """Return what hides a line where the bar stands."""
    before, _, after = page.partition(at)
    return what_hides((before + after).encode(), len(before.encode()))


ORDINARY = {
    "plain": "<p>Hello</p>|",
    "outlook": (
        "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><!--[if !mso]><style>v\\:* {behavior:"
        "url(#default#VML);}</style><![endif]--><style><!--\n@font-face {font-family:Calibri; panose-1:2 15 5 2;}\n"
        "p.MsoNormal, li.MsoNormal {margin:0cm; margin-bottom:.0001pt; font-size:11.0pt;}\n"
        "a:link {mso-style-priority:99; color:#0563C1; text-decoration:underline;}\n"
        "span.E-MailFormatvorlage17 {mso-style-type:personal-compose; color:windowtext;}\n"
        ".MsoChpDefault {mso-style-type:export-only; mso-fareast-language:EN-US;}\n"
        "@page WordSection1 {size:612.0pt 792.0pt; margin:70.85pt;}\ndiv.WordSection1 {page:WordSection1;}\n--></style>"
        "</head><body lang='DE' link='#0563C1' vlink='#954F72' style='word-wrap:break-word'><div class='WordSection1'>"
        "<p class='MsoNormal'><span style='color:black'>Hello<o:p></o:p></span></p>|</div></body></html>"
    ),
    "owa": (
        "<html><head><style type='text/css' style='display:none;'> P {margin-top:0;margin-bottom:0;} </style></head>"
        "<body dir='ltr'><div style='font-family: Aptos, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);'>Hi</div>|"
    ),
    "thunderbird": (
        "<!DOCTYPE html><html><head><style>p{margin-bottom:0cm;margin-top:0pt;}</style></head>"
        "<body style='font-family:sans-serif' bgcolor='#FFFFFF' text='#000000'><p>Hello</p><div class='moz-signature'"
        " style='opacity:0.9'>-- <br>Alice</div>|</body></html>"
    ),
    "thunderbird dark": "<body text='#ffffff' bgcolor='#1c1b22'><p>Hello</p>|",
    "gmail": (
        "<div dir='ltr' style='font-size:small;color:#500050'>Hi<div class='gmail_default' style='display:none'></div>"
        "<img style='display:none' hidden><div class='yj6qo ajU' style='height:1px;overflow:hidden'></div></div>|"
    ),
    "mailchimp": (
        "<html><head><style>#outlook a{padding:0;} body,table,td{-webkit-text-size-adjust:100%;} .preheader,.mcn * "
        "{display:none!important;mso-hide:all;max-height:0;font-size:1px;opacity:0} @media only screen and (max-width:"
        "480px){.mobileHide{display:none!important} body{min-width:100%!important} table{width:100%!important}}"
        "@media (prefers-color-scheme: dark){body{background:#111;color:#eee}} @media print{body{display:none}}"
        "@keyframes x{from{opacity:0}} @font-face{font-size:0} u + #body a{color:inherit} p::before{font-size:0}"
        "</style></head><body id='Body' style='height:100%;margin:0;background-color:#FAFAFA;color:#202020'>"
        "<span class='preheader' style='display:none;font-size:0px;color:#ffffff'>Now</span><center>"
        "<table width='100%' style='height:100%;width:100%'><tr><td style='font-size:0'><p style='color:#fff;"
        "background:#007C89'>Hi</p></table></center>|</body></html>"
    ),
    "background picture": "<body background='https://a.test/b.png' style='color:#fff'>Hi|",
    "gradient": "<body style='background:#fff linear-gradient(red, black);color:white'>Hi|",
    "grey words": "<div style='color:#888'>Hi|</div>",
    "unknown colours": "<div style='color:windowtext;background:var(--x)'>Hi|</div>",
    "see-through": "<div style='color:black;background:rgba(0,0,0,0)'><p style='background:transparent'>Hi|</p></div>",
    "small screens": "<div style='width:320px;overflow:hidden;margin:-20px 0 0;position:relative;left:-10px'>Hi|</div>",
    "cut nowhere": "<div style='height:auto;overflow:hidden;background:no-repeat white;color:#333'>Hi|</div>",
    "scrolls": "<div style='max-height:400px;overflow:auto'>Hi|</div>",
    "opened": "<details open>Hi|</details>",
    "closed before": "<template>x</template><ul><li style='display:none'>x<li>Hi</ul><table><tr><td hidden>x<td>y|",
    "paragraphs left open": "<p style='display:none'>x<p>y<ul><li>z</ul>" * 300 + "|",
    "paragraph ended": "<p style='color:black'>x</p></div></font>|",
    "font ended": "<p><font color='#ffffff'>x</font></p>|",
    "font in a cell": "<table><tr><td><font color='white'>x</td></tr></table>|",
    "harmless values": "<div style='transform:none;opacity:1;clip:auto;zoom:1;filter:none;font:12px / 1.5  Arial'>Hi|",
    "damaged style": "<div style='display;:none;{}display none;color:'>Hi|</div><style>}{;@x</style>",
}


@pytest.mark.parametrize("page", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_pages_hide_nothing(page: str) -> None:
    """Templates of common programs hide preheaders, pictures and cells, and none of that is around the line."""
    assert hidden(page) is None


def test_a_rule_for_something_else_hides_nothing() -> None:
    """Another class, id, place or part of an element is not this one."""
    for selector in (".x", "#z", "div.y", "p div", "i > div", "div::after", "div:before", "span", "v|div"):
        assert hidden(f"<style>{selector}{{display:none}}</style><div class='a b' id=c>Hi|") is None


# Declarations by which an element takes what is in it out of sight.
HIDING = [
    "display:none",
    "DISPLAY : NONE !important",
    "disp\\6c ay:none",
    "display/**/:/* */none",
    "display&#58;none",
    "visibility:hidden",
    "visibility: collapse",
    "content-visibility:hidden",
    "mso-hide:all",
    "font-size:0",
    "font-size: 1px",
    "font:0/0 a",
    "font: normal 0px Arial",
    "opacity:0",
    "opacity:.3",
    "opacity:20%",
    "height:0;overflow:hidden",
    "max-height:0px;overflow:hidden",
    "height:300px;overflow-y:clip",
    "height:1px;overflow:auto",
    "width:0;overflow:hidden",
    "max-width:1em;overflow-x:hidden",
    "height:0%;overflow:hidden",
    "position:absolute;left:-9999px",
    "position:fixed;top:200%",
    "position:relative;inset:0 0 0 5000px",
    "margin-left:-9999px",
    "margin:0 0 0 -500em",
    "text-indent:-1000px",
    "transform:scale(0)",
    "-webkit-transform:translateX(-9999px)",
    "clip-path:inset(100%)",
    "clip:rect(0,0,0,0)",
    "filter:opacity(0)",
    "-webkit-mask:url(x)",
    "zoom:0.01",
    "animation:gone 1s",
    "-webkit-line-clamp:2",
    "-webkit-text-security:disc",
    "color:#fff;background:#fff",
    "color:#777;background:#777777",
    "color:silver;background-color:white",
    "color:rgb(255,255,255);background:rgb(250 250 250)",
    "color:rgba(0,0,0,.2);background:white",
    "color:transparent",
    "-webkit-text-fill-color:transparent",
    "color:white",
    "background:#000",
    "color:hsl(0,0%,95%);background:hsl(0 0% 100% / 1)",
]


@pytest.mark.parametrize("declared", HIDING)
def test_what_hides_an_element_around_the_line_is_found(declared: str) -> None:
    """Item 7, "a visible line": said by the element itself, by a style sheet, or by a sheet in a condition."""
    plain = declared.replace("&#58;", ":")
    assert hidden(f"<p>Hi</p><div style='{declared}'><p>there</p>|</div>") is not None
    assert hidden(f"<style>.x{{{plain}}}</style><div class='a X'><p>there</p>|</div>") is not None
    assert hidden(f"<style>@media all{{body *{{{plain}}}}}</style><div><p>there</p>|") is not None
    assert hidden(f"<p>Hi</p><div style='{declared}'><p>there</p></div>|") is None


@pytest.mark.parametrize(
    "page",
    [
        "<div hidden>|",
        "<template>|",
        "<details>|",
        "<svg><text>|",
        "<p><font color=white>Hi</p>|",
        "<p style='display:none'>Hi|",
        "<body bgcolor=black>|",
        "<body text='#ffffff' bgcolor='ffffff'>|",
        "<body style='opacity:.7'><div style='opacity:.7'>|",
        "<table><tr><td bgcolor='#000000'>Hi|",
        "<style>html{display:none}</style>|",
        "<style>body{color:#fff!important}</style><body style='color:black;background:white'>|",
        "<style>@supports (display:grid){@media (min-width:1px){div{display:none}}}</style><div>|",
        "<style>table div{& {display:none}}</style><table><div>|",
        "<style>p:first-line{font-size:0}</style><div>|",
        "<style>p::first-letter,p::first-line{color:white}</style>|",
        "<style>div[class*=a]:not(.b, .c){display:none}</style><div>|",
        "<style>i + div, i ~ p > div > div{display:none}</style><div>|",
        "<style>body{display:none</style>|",
        "<div dir=ltr style='color:black'>" * 9_000 + "|",
        "<style>" + "p{" * 5_000 + "</style>|",
        "<!--[if mso]><style>body{mso-hide:all}</style><![endif]-->|",
    ],
)
def test_pages_that_hide_the_line(page: str) -> None:
    """Attributes, elements that are not displayed, rules for first lines, and whatever may hold in some program."""
    assert hidden(page) is not None


def test_a_rule_in_a_condition_names_no_colour_that_is_known() -> None:
    """Dark mode's colours do not meet the light ones'; a sheet for printing hides nothing on a screen."""
    assert hidden("<style>@media (prefers-color-scheme:dark){body{color:#fff}}</style><body bgcolor=white>|") is None
    assert hidden("<style>@media print{body{display:none}}</style>|") is None
    assert hidden("<style>@media screen{body{color:#fff}}</style><body bgcolor=white>|") is not None


@pytest.mark.parametrize(
    "sheet",
    [
        "a{b:(" * 3_000,
        "a:('\"" * 3_000,
        "<style>" * 3_000,
        "a{b:c}" * 3_000,
        "{" * 15_000,
        "[(" * 8_000,
        "a,(" * 3_000,
        "(" * 9_000 + ")" * 9_000 + "{a:b}",
    ],
)
def test_absurd_style_sheets_are_read_in_no_time(sheet: str) -> None:
    """Whatever stands there, a mail does not wait for it and nothing fails."""
    began = time.process_time()
    hidden(f"<!--<style>{sheet}</style>--><style>{sheet.replace('<', '')}</style><p style='{sheet}'>|")
    assert time.process_time() - began < 1


def test_why_is_said() -> None:
    """The words name what hides and where."""
    assert hidden("<div style='display:none'>|") == "display:none on <div>, around the place of the line"
    assert hidden("<div style='opacity:0'>|") == "opacity on <div>, around the place of the line"
    assert hidden("<style>p::first-line{font-size:0}</style>|") == "font-size:0 on the first-line of paragraphs"
