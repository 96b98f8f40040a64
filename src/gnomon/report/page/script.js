(()=>{const d=document,r=d.documentElement,b=d.getElementById("theme"),t=d.getElementById("tip"),K="gnomon-theme";
try{const s=localStorage.getItem(K);if(s)r.dataset.theme=s}catch{}
b.hidden=false;b.onclick=()=>{const n=getComputedStyle(r).colorScheme=="dark"?"light":"dark";r.dataset.theme=n;try{localStorage.setItem(K,n)}catch{}};
d.addEventListener("pointermove",e=>{const s=e.target.closest?.(".plot svg");let m,k=14;
for(const g of s?s.querySelectorAll("[role=img]"):[]){const q=g.getBoundingClientRect(),x=Math.hypot(Math.max(q.left-e.clientX,0,e.clientX-q.right),Math.max(q.top-e.clientY,0,e.clientY-q.bottom));if(x<k)k=x,m=g}
t.hidden=!m;if(m){t.textContent=m.getAttribute("aria-label");t.style.left=Math.max(8,Math.min(e.clientX+12,innerWidth-t.offsetWidth-8))+"px";t.style.top=Math.max(8,e.clientY-t.offsetHeight-10)+"px"}});
addEventListener("beforeprint",()=>d.querySelectorAll("details:not(.numbers)").forEach(e=>e.open=true))})();
