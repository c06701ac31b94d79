"""The look of the model card: warm paper, one column, no font and no picture from elsewhere."""

STYLE = """
:root{--ink:#2b2522;--soft:#6f635b;--line:#e3d7c6;--paper:#fbf6ec;--card:#fffdf8;
--earth:#b5713a;--tile:#2f6b66;--bad:#a8402f}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);line-height:1.6;
font-family:system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",
"Noto Sans SC","Noto Sans CJK SC",sans-serif}
body>input{position:absolute;opacity:0}
body:has(#zh:checked) main [lang=en],body:has(#zh:checked) header [lang=en]{display:none}
body:has(#en:checked) main [lang=zh-Hans],body:has(#en:checked) header [lang=zh-Hans]{display:none}
header,main{max-width:60rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem;padding-bottom:.5rem}
h1{font-size:clamp(1.7rem,4vw,2.5rem);line-height:1.2;margin:.2rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:0 0 .8rem}
.kicker{color:var(--earth);font-weight:700;letter-spacing:.08em;margin:0}
.languages{float:right;display:flex;gap:.25rem;
border:1px solid var(--line);border-radius:99px;padding:.2rem;background:var(--card)}
.languages label{padding:.2rem .8rem;border-radius:99px;cursor:pointer;font-size:.9rem}
body:has(#zh:checked) label[for=zh],body:has(#en:checked) label[for=en]{background:var(--tile);color:#fff}
body:has(#zh:focus-visible) label[for=zh],body:has(#en:focus-visible) label[for=en]{outline:3px solid var(--earth)}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.4rem;margin:1.1rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.7rem;margin:1rem 0}
.tile{border:1px solid var(--line);border-radius:10px;padding:.7rem .8rem;background:var(--paper)}
.tile b{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile>span{display:block;color:var(--soft);font-size:.85rem}
.tile small{color:var(--soft);font-size:.75rem}
.figures{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}
.figures>figure{flex:1 1 17rem;max-width:26rem}
.figures>.scroll{flex:1 1 19rem}
figure{margin:.5rem 0}
svg{max-width:100%;height:auto;display:block;font-family:inherit}
.figures svg{width:100%}
figcaption{color:var(--soft);font-size:.85rem;margin-top:.3rem}
figcaption i{display:inline-block;width:.8rem;height:.8rem;border-radius:3px;margin:0 .3rem 0 .6rem;vertical-align:-1px}
.earth{background:var(--earth)}.tile-colour{background:var(--tile)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{text-align:left;padding:.4rem .7rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{white-space:nowrap}
td:nth-child(n+2){white-space:nowrap}
td.prose,th.prose{white-space:normal;min-width:11rem}
th{color:var(--soft);font-weight:600}
code{font-size:.85rem;overflow-wrap:anywhere}
details{border-top:1px solid var(--line);padding:.55rem 0}
summary{cursor:pointer;font-weight:600}
.warning{border-left:4px solid var(--earth);padding-left:.8rem}
.off{color:var(--bad);font-weight:700}
.source{color:var(--soft);margin:.3rem 0}
@media print{body{background:#fff}section{break-inside:avoid}.languages{display:none}}
"""
