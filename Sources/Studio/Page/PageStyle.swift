extension Page {
  static let sheet = """
    *{box-sizing:border-box}html{color-scheme:light dark}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
    [hidden]{display:none!important}a{color:var(--c0)}h1{font-size:1.5rem;line-height:1.25;margin:.4em 0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:1.4em 0 .5em}
    :focus-visible{outline:3px solid var(--c0);outline-offset:2px;border-radius:3px}main:focus{outline:none}
    .skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--paper);padding:6px 10px;z-index:9}
    header{display:flex;flex-wrap:wrap;gap:4px 24px;align-items:baseline;padding:10px 16px;border-bottom:1px solid var(--line)}
    .brand{font-weight:700;color:var(--ink);text-decoration:none}nav{display:flex;gap:4px}nav a{padding:4px 10px;border-radius:6px;text-decoration:none;color:var(--ink)}
    nav a[aria-current]{background:var(--raised);box-shadow:inset 0 -3px 0 var(--c0)}
    main{max-width:1240px;margin:0 auto;padding:12px 16px 64px}#notice{margin:12px 16px 0;padding:8px 12px;border-left:4px solid var(--back);background:var(--raised)}
    .note{color:var(--soft);font-size:.875rem;margin:.3em 0}.row{display:flex;flex-wrap:wrap;gap:10px 14px;align-items:end}.spread{justify-content:space-between}
    label,.field{display:flex;flex-direction:column;gap:2px;font-size:.875rem;color:var(--soft)}label.beside{flex-direction:row;gap:8px;align-items:center;color:var(--ink)}
    input,select,textarea,button{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:6px;padding:6px 9px;max-width:100%;min-width:0}
    input[type=checkbox]{width:20px;height:20px;padding:0;accent-color:var(--c0);flex:none}input[type=range]{padding:0;border:0;accent-color:var(--c0);background:none}
    button,.button{cursor:pointer;background:var(--raised);color:var(--ink);border:1px solid var(--soft);border-radius:6px;padding:6px 12px;text-decoration:none;display:inline-block}
    button.main{background:var(--c0);border-color:var(--c0);color:var(--paper);font-weight:600}button:disabled,button.main:disabled{background:var(--raised);border-color:var(--soft);color:var(--soft);cursor:default;border-style:dashed}::placeholder{color:var(--soft);opacity:1}
    button.link{border:0;background:none;padding:2px 4px;color:var(--c0);text-decoration:underline}
    .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:7px 9px;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums;vertical-align:top}
    thead th{white-space:nowrap;font-size:.875rem}thead button{border:0;background:none;padding:2px 0;font-weight:600;white-space:nowrap}tbody tr:hover,tbody tr:focus-within{background:var(--raised)}
    td.number,th.number{text-align:right;white-space:nowrap}.runs td:first-child{width:32px}.runs td:last-child{white-space:nowrap}.runs td:nth-child(2){min-width:7em}.runs .name{font-weight:600;overflow-wrap:anywhere}td details{margin:0}
    .mark::before{content:"";display:inline-block;width:.65em;height:.65em;margin-right:.45em;border-radius:50%;background:var(--soft)}
    .away{color:var(--away)}.back{color:var(--back)}.hurt{color:var(--hurt)}.mark.away::before{background:var(--away)}.mark.back::before{background:var(--back);border-radius:0}
    .mark.hurt::before{background:var(--hurt);border-radius:0 50%}.verdict{white-space:pre-line;font-size:1.1rem;border-left:6px solid var(--soft);padding:.3em .7em;background:var(--raised);max-width:60em}
    .verdict.away{border-color:var(--away);color:var(--ink)}.verdict.back{border-color:var(--back);color:var(--ink)}.verdict.hurt{border-color:var(--hurt);color:var(--ink)}
    [role=tablist]{display:flex;gap:4px;border-bottom:1px solid var(--line);margin:1em 0 .8em}[role=tab]{border:0;background:none;border-radius:6px 6px 0 0}
    [role=tab][aria-selected=true]{box-shadow:inset 0 -3px 0 var(--c0);background:var(--raised);font-weight:600}
    iframe{width:100%;height:75vh;border:1px solid var(--line);border-radius:6px;background:var(--paper)}
    .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:12px}figure{margin:0;min-width:0;padding:6px;border:2px solid var(--line);border-radius:8px;background:var(--raised)}
    figure.away{border-color:var(--away);color:inherit}figure.back{border-color:var(--back);color:inherit}figure.hurt{border-color:var(--hurt);color:inherit}
    figcaption{font-size:.82rem;overflow-wrap:anywhere;padding-top:4px}.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:4px}
    img{display:block;width:100%;height:auto;aspect-ratio:1;object-fit:contain;background:#fff;border-radius:4px}img.small{width:72px;height:72px}
    .sides{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:10px}.pane{height:70vh;overflow-y:auto;border:1px solid var(--line);border-radius:8px;padding:8px;display:grid;gap:8px;align-content:start;grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}
    .pane figure{padding:4px}.pane figure.same{outline:4px solid var(--c0);outline-offset:1px}.pane figcaption{height:calc(6em + 4px);overflow:hidden}table.measures{width:auto;min-width:min(100%,480px)}details{margin:.8em 0}summary{cursor:pointer}
    .easel{display:grid;grid-template-columns:minmax(300px,400px) 1fr;gap:24px;align-items:start}.easel form{display:grid;gap:12px}.canvas{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:14px;max-width:760px}
    .canvas figcaption{font-size:1rem}.canvas img{image-rendering:auto}.canvas progress{width:100%}progress{accent-color:var(--c0)}
    .switches{display:grid;gap:8px;padding:0;margin:0;list-style:none}.switch{display:grid;grid-template-columns:1fr;gap:4px;padding:8px 10px;border:1px solid var(--line);border-radius:8px}
    .switch .slide{display:flex;gap:10px;align-items:center}.switch .slide input{flex:1}.switch output{min-width:3.2em;text-align:right;font-variant-numeric:tabular-nums}
    input[role=switch]{appearance:none;width:40px;height:22px;border-radius:11px;background:var(--paper);border:2px solid var(--soft);position:relative;cursor:pointer}
    input[role=switch]::after{content:"";position:absolute;width:12px;height:12px;top:3px;left:4px;border-radius:50%;background:var(--soft)}
    input[role=switch]:checked{background:var(--c0);border-color:var(--c0)}input[role=switch]:checked::after{left:20px;background:var(--paper)}
    .job{border:1px solid var(--line);border-radius:8px;padding:10px 12px;display:grid;gap:6px;margin-bottom:10px}.job code,pre{overflow-wrap:anywhere;white-space:pre-wrap;font-size:.85rem}
    pre{background:var(--raised);padding:10px;border-radius:6px;max-height:40vh;overflow-y:auto;margin:0}fieldset{border:1px solid var(--line);border-radius:8px;display:grid;gap:10px;padding:10px 12px 14px;min-width:0}legend{font-weight:600;padding:0 4px}
    .fields{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:10px;align-items:end}main>pre{margin-top:12px}svg{width:100%;height:120px;display:block}svg polyline{fill:none;stroke:var(--c0);stroke-width:2;vector-effect:non-scaling-stroke}
    .attempt td:first-child{white-space:nowrap}.wrap{overflow-wrap:anywhere}
    .shown{position:sticky;top:8px}fieldset>label{max-width:440px}
    @media(max-width:820px){.easel{grid-template-columns:1fr;gap:12px}.shown{order:-1;top:0;z-index:1;background:var(--paper);padding:4px 0}}
    @media(min-width:621px){.narrow-only{display:none}}
    @media(max-width:620px){main{padding:8px 10px 48px}header{padding:8px 10px}table.cardlike thead{position:absolute;left:-999px}table.cardlike tr{display:block;border:1px solid var(--line);border-radius:8px;padding:6px 10px;margin-bottom:8px}
    table.cardlike td{display:flex;justify-content:space-between;gap:12px;border:0;padding:2px 0;text-align:right}table.cardlike td::before{content:attr(data-label);color:var(--soft);font-size:.82rem;text-align:left;flex:none}
    table.cardlike td.empty{display:none}.runs td:first-child{width:auto}.pane{grid-template-columns:minmax(0,1fr) minmax(0,1fr);height:62vh;padding:4px;gap:4px}.sides,.canvas{gap:6px}.cards{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}.pair{gap:2px}
    .pane figcaption{font-size:.72rem}}
    @media(max-width:420px){.pane{grid-template-columns:1fr}}
    @media(prefers-reduced-motion:no-preference){input[role=switch]::after{transition:left .12s}}
    """
}
