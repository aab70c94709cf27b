from tests.browser.test_weight import _weight
from tests.browser.conftest import PHONE
def test_x(stage, chromium):
    out=[]
    for one in stage.pages():
        if one.name.startswith("do-"): continue
        c = chromium.new_context(base_url=stage.address, service_workers="block", **PHONE)
        c.add_cookies(stage.cookies(one.role,"zh"))
        out.append((_weight(c.new_page(), one.address), one.role, one.name)); c.close()
    print(sorted(out)[-12:], sorted(out)[:2])
