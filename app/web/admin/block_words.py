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
