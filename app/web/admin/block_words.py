"""The staff's words for blocks: packagings, why amounts and stock changed, filters and sorting."""

from app.catalogue.queries_block_list import Flag, Order, StockFilter
from app.catalogue.rules.bulk import BulkField
from app.catalogue.rules.kinds import Packaging, PriceCause
from app.catalogue.rules.stock import StockCause
from app.core.errors import N_

PACKAGINGS = {
    Packaging.NONE: N_("none of its own"),
    Packaging.ENVELOPE: N_("envelope"),
    Packaging.BAG: N_("bag"),
    Packaging.CARTON: N_("carton"),
    Packaging.TUBE: N_("tube"),
    Packaging.CANISTER: N_("canister"),
    Packaging.PALLET: N_("pallet"),
}
PRICE_CAUSES = {
    PriceCause.CREATED: N_("first entry"),
    PriceCause.EDITOR: N_("changed on this page"),
    PriceCause.BULK: N_("bulk change"),
    PriceCause.IMPORT: N_("import"),
}
STOCK_CAUSES = {
    StockCause.COUNTED: N_("counted"),
    StockCause.RECEIVED: N_("received"),
    StockCause.DISPATCHED: N_("dispatched"),
    StockCause.IMPORT: N_("import"),
}
STOCK_REASONS = {
    "dispatched_more_than_counted": N_("More was dispatched than had been counted."),
}
STOCKS = {
    StockFilter.MADE_TO_ORDER: N_("made to order"),
    StockFilter.FREE: N_("something free"),
    StockFilter.NONE: N_("nothing free"),
    StockFilter.SHORT: N_("orders hold more than there is"),
}
FLAGS = {
    Flag.HAZARDOUS: N_("dangerous goods"),
    Flag.RESTRICTED: N_("restricted goods"),
    Flag.BELOW_FLOOR: N_("in a bundle below the margin floor"),
    Flag.UNUSED: N_("in no bundle"),
}
ORDERS = {
    Order.SKU: N_("SKU"),
    Order.NAME: N_("Name"),
    Order.COST: N_("Highest unit cost"),
    Order.PRICE: N_("Highest main brand price"),
    Order.STOCK: N_("Least free stock"),
}
BULK_FIELDS = {
    BulkField.COST_PERCENT: N_("Unit cost, by percent"),
    BulkField.COST_AMOUNT: N_("Unit cost, to an amount"),
    BulkField.PRICE_PERCENT: N_("Main brand's price, by percent"),
    BulkField.LEAD_TIME: N_("Main brand's lead time in working days"),
    BulkField.VAT_RATE: N_("VAT"),
    BulkField.SOURCE: N_("Source"),
    BulkField.PARTNER: N_("Partner"),
    BulkField.PACKAGING: N_("Packaging"),
    BulkField.PACKING_COST: N_("Packing cost"),
    BulkField.MADE_TO_ORDER: N_("Made to order"),
    BulkField.HAZARDOUS: N_("Dangerous goods"),
    BulkField.RESTRICTED: N_("Restricted: not everybody may buy it"),
}
IMPORT_COLUMNS = {
    "sku": (N_("SKU"), N_("By it a line finds its block, so it stands there once.")),
    "name_de": (N_("Name in German"), N_("Needed for a new block.")),
    "name_en": (N_("Name in English"), N_("Needed for a new block.")),
    "text_de": (N_("Text in German"), N_("At most 2,000 characters.")),
    "text_en": (N_("Text in English"), N_("At most 2,000 characters.")),
    "kind": (N_("Kind"), N_("Spare part, care product, consumable … in German or English.")),
    "unit": (N_("Unit"), N_("A code such as C62 or KGM, or a word such as Stk, kg, pack.")),
    "unit_cost": (N_("Unit cost"), N_("Net, in euros. A change is kept with its day.")),
    "main_brand_price": (N_("Main brand's price"), N_("Net, in euros. A change is kept with its day.")),
    "main_brand_lead_time_days": (N_("Main brand's lead time in working days"), N_("0 to 365.")),
    "vat_rate": (N_("VAT"), N_("0, 7 or 19.")),
    "source": (
        N_("Source"),
        N_("Own, specialist, white label or commission; for a new block empty means own."),
    ),
    "partner": (N_("Partner"), N_("By name; a new name makes a partner.")),
    "partner_cost": (N_("Partner's share"), N_("Net, in euros, for one unit.")),
    "weight_g": (N_("Weight"), N_("In grams, for one unit.")),
    "packaging": (
        N_("Packaging"),
        N_("Envelope, bag, carton, tube, canister, pallet; for a new block empty means none."),
    ),
    "packing_cost": (N_("Packing cost"), N_("Net, in euros, for one unit.")),
    "hazardous": (N_("Dangerous goods"), N_("Yes or no. Not for a block of a bundle on sale.")),
    "restricted": (N_("Restricted goods"), N_("Yes or no. Not for a block of a bundle on sale.")),
    "cpv_code": (N_("CPV code"), N_("Such as 44440000-6")),
    "made_to_order": (N_("Made to order"), N_("Yes, or no for what is counted.")),
}
"""For each column of a list its name and what it means."""
