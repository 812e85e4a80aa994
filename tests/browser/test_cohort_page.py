"""The cohort's page in a browser."""


def test_poor_patients_come_first_and_link_to_their_pages(open_page, results):
    page = open_page(results / "cohort/report.html")
    statuses = page.locator("#patient-table tbody td:nth-child(2)").all_inner_texts()
    assert [text.split()[-1] for text in statuses] == ["poor", "poor", "good"]
    page.get_by_role("link", name="P01").first.click()
    page.wait_for_url("**/P01.html")
    assert page.locator("h1").inner_text().startswith("P01")


def test_oncoprint_shows_the_class_of_each_driver(open_page, results):
    page = open_page(results / "cohort/report.html")
    genes = page.locator("#oncoprint-table thead th").all_text_contents()
    row = page.locator("#oncoprint-table tbody tr").first.locator("th, td").all_inner_texts()
    found = dict(zip(genes, row, strict=True))
    assert found["FLT3"] == "A"
    assert found["IDH2"] == "L"
    assert found["TP53"] == "?"
    assert found["FLT3-ITD"] == "LE"


def test_mechanism_matrix_tells_not_assessed_from_not_observed(open_page, results):
    page = open_page(results / "cohort/report.html")
    rows = page.locator("#mechanism-table tbody tr")
    without_rna = rows.filter(has_text="P02").locator("td").all_inner_texts()
    assert without_rna[0] == "–"
    assert without_rna[2] == "✓"


def test_phone_width_holds(open_page, results):
    page = open_page(results / "cohort/report.html", 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
