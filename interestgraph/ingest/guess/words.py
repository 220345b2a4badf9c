"""What logs call their columns and behaviours: English, German, French, Spanish, Chinese and its pinyin."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from interestgraph.ingest.spec import load_spec

NAMES = {
    "user": "user customer client visitor member household reviewer buyer shopper account person subscriber consumer "
    "listener player reader viewer uid cust usr userunique customerunique kunde kunden benutzer nutzer besteller "
    "utilisateur acheteur usuario cliente comprador yonghu kehu huiyuan 用户 客户 会员 cookie device card username "
    "session visit sitzung",
    "item": "item product article sku parentasin asin movie film book song track video show series anime game app "
    "course recipe news document doc page content poi venue place location restaurant hotel business listing offer "
    "isbn ean upc gtin plu spu stock goods commodity merchandise iid prod album artist artikel produkt ware produit "
    "producto articulo shangpin wupin 商品 物品 产品",
    "time": "timestamp eventtime time datetime eventtimestamp eventdate date at ts createdat created orderdate "
    "ordertime invoicedate purchasedate transactiondate unixreviewtime reviewtime dt day datum zeitpunkt zeitstempel "
    "zeit horodatage fecha fechahora shijian shijianchuo riqi 时间 时间戳 日期",
    "behaviour": "behaviour behavior behaviourtype behaviortype event eventtype eventname action actiontype activity "
    "interaction interactiontype verb type kind operation aktion ereignis verhalten evenement typeevenement accion "
    "evento tipoevento tipo xingwei xingweileixing 行为 行为类型",
    "rating": "rating ratings stars star score overall reviewscore grade bewertung sterne note evaluation valoracion "
    "calificacion puntuacion pingfen 评分",
    "quantity": "quantity qty units count plays playcount listens menge anzahl stuck stuckzahl quantite cantidad "
    "shuliang 数量",
    "price": "unitprice price saleprice sellingprice itemprice productprice listprice einzelpreis stuckpreis preis "
    "prixunitaire prix preciounitario precio danjia jiage 单价 价格",
    "value": "value amount total totalprice totalamount revenue sales salesvalue spend spent paid payment "
    "paymentvalue betrag umsatz summe gesamtpreis gesamtbetrag montant importe monto jine 金额",
    "category": "categorypath category categories categoryname productcategoryname genre genres "
    "maincategory department kategorie kategorien warengruppe categorie rayon categoria aisle subcategory subcat "
    "class taxonomy leibie leimu fenlei 类别 类目 分类",
    "brand": "brand brandname markenname manufacturer maker marke hersteller marque fabricant marca fabricante "
    "pinpai 品牌",
    "title": "title productname itemname movietitle name titel produktname artikelname bezeichnung titre nomproduit "
    "nom libelle designation titulo nombreproducto nombre shangpinmingcheng mingcheng biaoti 商品名称 名称 标题 "
    "description beschreibung descripcion",
}
"""Role -> names of columns without their id words, the most telling first."""

_ID_WORDS = {
    "id",
    "ids",
    "nr",
    "no",
    "num",
    "number",
    "nummer",
    "numero",
    "code",
    "key",
    "identifier",
    "idx",
    "uuid",
    "guid",
    "hash",
    "unique",
    "bianhao",
    "编号",
}
_ENDINGS = ("id", "nr", "nummer", "num", "no", "code")
_COMPOUNDS = ("datum", "preis", "menge", "betrag", "umsatz", "kategorie", "bezeichnung", "bewertung")
"""What German words end in: ``Bestelldatum``."""
_HEAD_FIRST = {
    "date",
    "heure",
    "fecha",
    "prix",
    "precio",
    "nom",
    "nombre",
    "quantite",
    "cantidad",
    "montant",
    "importe",
    "marque",
    "marca",
}
"""Words that French and Spanish put first: ``date_commande``."""
_NEVER_LAST = {"user", "item"}
"""Roles whose words say nothing at the end of other names: ``last_visit``, ``in_stock``."""

_VALUES = {
    "VIEWED": "visit pageview page view viewing browse look click_detail detail_view ansehen angesehen ansicht "
    "seitenaufruf aufruf vue consultation vista visto visualizacion liulan dianji_liulan 浏览 查看",
    "CLICKED": "tap open klick geklickt clic dianji 点击",
    "SEARCHED": "search searched query suche gesucht recherche busqueda sousuo 搜索",
    "CARTED": "basket add_to_basket addtobasket atc add warenkorb in_den_warenkorb panier ajout_panier carrito jiagou "
    "gouwuche 加购 购物车",
    "FAVOURITED": "bookmark save saved collect star merken merkliste gemerkt favori favorito shoucang 收藏",
    "SHARED": "share shared teilen geteilt partage compartir fenxiang 分享",
    "COMMENTED": "kommentar commentaire comentario pinglun 评论",
    "REVIEWED": "rezension avis resena",
    "RATED": "bewertung bewertet valoracion pingfen 评分",
    "PLAYED": "play played listen listened stream streamed watch watched gespielt gehort ecoute escuchar bofang 播放",
    "VISITED": "checkin check_in check-in besuch visite visita",
    "PURCHASED": "buying checkout pay paid payment sale sold ordered conversion kauf gekauft kaufen bestellung "
    "bestellt achat achete commande compra comprado pedido goumai xiadan zhifu 购买 支付 下单",
    "RETURNED": "return returned refund refunded cancel cancelled canceled cancellation retoure storno stornierung "
    "ruckgabe retour remboursement devolucion tuihuo 退货",
}
_UNDOING = {"remove", "removed", "delete", "deleted", "un", "unlike", "entfernt"}

CODES = {"1": "VIEWED", "2": "FAVOURITED", "3": "CARTED", "4": "PURCHASED"}
"""Numbers that Alibaba's logs have for behaviours."""

DEFAULTS = {
    "SEARCHED": (0.2, 30.0),
    "SHARED": (0.5, 90.0),
    "PLAYED": (0.3, 60.0),
    "VISITED": (0.5, 180.0),
    "RETURNED": (-1.0, 120.0),
}
"""Strength and half-life of behaviours that ``loaders/events.toml`` does not have."""


def worth(behaviour: str) -> tuple[float, float]:
    """Strength and half-life (days) to propose for a behaviour."""
    part = load_spec("events").behaviours.get(behaviour)
    return (part.strength, part.half_life) if part is not None else DEFAULTS[behaviour]


def words(text: str) -> list[str]:
    """``CustomerID``, ``customer_id:token`` and ``Customer ID`` -> customer, id."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", re.sub(r":\w+$", "", text))
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
    # "Stück" is written "Stueck" as well.
    return re.findall(r"\w+", plain.replace("_", " ").replace("stueck", "stuck"))


@cache
def _ranks(role: str) -> dict[str, int]:
    return {name: place for place, name in enumerate(NAMES[role].split())}


def fit(role: str, column: str) -> int:
    """How well a column's name fits a role: 0 not at all, up to 1000."""
    named = words(column)
    core = [word for word in named if word not in _ID_WORDS] or named
    ranks = _ranks(role)
    joined = "".join(core)
    for name in (joined, *(joined.removesuffix(ending) for ending in _ENDINGS if joined.endswith(ending))):
        if name in ranks:
            return 1000 - ranks[name]
    if role not in _NEVER_LAST and core[-1:] and core[-1] in ranks:
        return 500 - ranks[core[-1]]
    compound = next((ending for ending in _COMPOUNDS if joined.endswith(ending)), None)
    if compound in ranks:
        return 450 - ranks[str(compound)]
    if core[:1] and core[0] in _HEAD_FIRST and core[0] in ranks:
        return 400 - ranks[core[0]]
    return 0


@cache
def _vocabulary() -> dict[str, str]:
    """Value without spaces and signs -> behaviour."""
    found: dict[str, str] = {}
    for name, part in load_spec("events").behaviours.items():
        found |= {"".join(words(value)): name for value in (*part.values, name)}
    for name, values in _VALUES.items():
        found |= {"".join(words(value)): name for value in (*values.split(), name)}
    return found


def behaviour_of(value: str) -> str | None:
    """The behaviour that a value of a log means: ``Add to cart`` and ``product_added_to_cart`` -> CARTED."""
    vocabulary, parts = _vocabulary(), words(value)
    if "".join(parts) in vocabulary:
        return vocabulary["".join(parts)]
    if set(parts) & _UNDOING:
        return None
    # "order_returned" is a return, "product_added_to_cart" is about the cart: the last word that says something.
    return next((vocabulary[part] for part in reversed(parts) if part in vocabulary), None)
