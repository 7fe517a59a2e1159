"""Domains that anyone can get an address or a page at: sharing one says nothing about the company."""

FREE_MAIL_DOMAINS: frozenset[str] = frozenset(
    """
    gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.info gmx.org gmx.biz web.de email.de mail.de t-online.de
    freenet.de arcor.de arcor-online.net vodafone.de vodafonemail.de kabelmail.de o2online.de o2mail.de
    online.de onlinehome.de alice.de alice-dsl.net alice-dsl.de versanet.de ewetel.net ewe.net netcologne.de
    unity-mail.de unitybox.de lycos.de tiscali.de nexgo.de compuserve.de posteo.de posteo.net mailbox.org
    magenta.de htp-tel.de osnanet.de teleos-web.de wtnet.de swbmail.de bluewin.ch hispeed.ch sunrise.ch
    a1.net aon.at chello.at inode.at utanet.at kabsi.at
    gmail.com googlemail.com google.com outlook.com outlook.de outlook.at outlook.fr hotmail.com hotmail.de
    hotmail.fr hotmail.it hotmail.es hotmail.ch hotmail.nl hotmail.be live.com live.de live.at live.nl
    live.fr live.it msn.com windowslive.com yahoo.com yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.at ymail.com
    rocketmail.com aol.com aol.de aim.com icloud.com me.com mac.com proton.me protonmail.com protonmail.ch
    pm.me tutanota.com tutanota.de tutamail.com tuta.io tuta.com fastmail.com fastmail.fm hey.com zoho.com
    zohomail.eu mail.com email.com mail.ru inbox.ru list.ru bk.ru yandex.ru yandex.com ya.ru rambler.ru
    qq.com 163.com 126.com naver.com
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it tiscali.it alice.it
    tin.it pec.it fastwebnet.it ziggo.nl planet.nl kpnmail.nl hetnet.nl home.nl xs4all.nl upcmail.nl
    quicknet.nl
    telenet.be skynet.be proximus.be scarlet.be wp.pl onet.pl onet.eu o2.pl interia.pl interia.eu gazeta.pl
    poczta.fm op.pl vp.pl seznam.cz centrum.cz email.cz post.cz volny.cz azet.sk zoznam.sk centrum.sk
    freemail.hu citromail.hu abv.bg mail.bg yahoo.ro telia.com bredband.net spray.se hotmail.se live.se
    live.dk mail.dk hotmail.dk get2net.dk jubii.dk luukku.com kolumbus.fi elisanet.fi pt.lu sapo.pt
    telefonica.net terra.es otenet.gr btinternet.com hotmail.co.uk live.co.uk yahoo.co.uk sky.com
    """.split()  # noqa: SIM905 - five a line reads better than one
)

SHARED_DOMAINS: frozenset[str] = frozenset(
    """
    facebook.com instagram.com linkedin.com xing.com youtube.com tiktok.com twitter.com x.com pinterest.de
    google.de business.site ebay.de ebay.com ebay-kleinanzeigen.de kleinanzeigen.de amazon.de etsy.com
    shopify.com myshopify.com jimdo.com jimdofree.com jimdosite.com wix.com wixsite.com weebly.com
    wordpress.com blogspot.com webnode.de webnode.com squarespace.com godaddysites.com strato.de
    1und1.de ionos.de ionos.com one.com hosteurope.de all-inkl.com kasserver.com github.io netlify.app
    vercel.app web.app gelbeseiten.de dasoertliche.de wlw.de europages.de mobile.de autoscout24.de
    immobilienscout24.de immowelt.de lieferando.de booking.com tripadvisor.de privaterelay.appleid.com
    appleid.com telekom.de
    """.split()  # noqa: SIM905 - five a line reads better than one
)
