/** Words of the invented islands, by kind. A template names a kind in braces and gets one of its words. */
export const WORDS: Readonly<Record<string, readonly string[]>> = {
  first:
    'Ada Agnes Alasdair Bridget Callum Cora Duncan Edda Ewan Fergus Greta Hamish Ida Ingrid Isla Jonas Kirsty Lachlan Lena Magnus Mairi Morag Nils Oona Peter Ragnhild Rowan Sander Sigrid Tormod Una Wilma'.split(
      ' ',
    ),
  last: 'Abercorn Birsay Brough Calder Dunnet Eilers Finlay Garrick Hallow Inkster Jarvie Kettle Laing Marwick Norquay Orde Peddie Quoyle Rendall Sill Tulloch Urquhart Velzian Wick Yorston'.split(
    ' ',
  ),
  start:
    'Alder Ash Black Brim Cold Crow Deer Eel Fair Fern Gull Hare Heron High Kelp Long Mar Ness North Otter Pen Raven Sand Seal Sker Stone Thorn Wester White Winter'.split(
      ' ',
    ),
  finish: 'by cliff croft dale fell ford garth ham haven holm ing mouth ness stead thwaite ton wick'.split(
    ' ',
  ),
  trade:
    'baker,boatwright,carter,constable,cooper,crane driver,curate,diver,drover,ferryman,gauger,harbour master,innkeeper,keeper,lamplighter,midwife,miller,net maker,pilot,postman,ropemaker,sailmaker,salter,schoolmaster,shepherd,smith,surveyor,tanner,warden,weaver'.split(
      ',',
    ),
  vessel:
    'barge,brig,coaster,cutter,dredger,drifter,ketch,lighter,lugger,mail boat,pilot boat,schooner,smack,steamer,tender,trawler,whaler,yawl'.split(
      ',',
    ),
  cargo:
    'barley,barrels of tar,bricks,cattle,coal,cordage,dried cod,flax,flour,granite,herring,honey,kelp ash,lamp oil,leather,lime,lobsters,paper,peat,potatoes,roof slates,salt,sawn larch,seed oats,sheepskins,tallow,tin plate,wool'.split(
      ',',
    ),
  building:
    'boathouse,chapel,cooperage,customs house,dairy,drying loft,forge,granary,ice house,inn,kiln,malt house,net store,pump house,ropewalk,sail loft,school,signal tower,smokehouse,stable,tannery,toll house,warehouse,watch house'.split(
      ',',
    ),
  part: 'anchor,axle,beam,bearing,bell,boiler,cable,capstan,chain,cistern,crank,gate,gauge,hinge,lantern,ledger,mooring,paddle,parapet,pulley,pump,rudder,shutter,sluice,spindle,stair,valve,winch'.split(
    ',',
  ),
  quality:
    'ancient,bitter,blunt,brittle,careful,coarse,crooked,damp,doubtful,draughty,even,faded,fine,frozen,heavy,hollow,idle,leaking,mended,muddy,narrow,new,patched,plain,quiet,rusty,salted,shallow,slow,solid,sound,spare,steep,stubborn,sturdy,uncommon,upper,useful,weathered,wooden'.split(
      ',',
    ),
  beast:
    'cormorants,crabs,eels,eider ducks,gannets,geese,goats,hares,herring gulls,horses,lambs,otters,oxen,ponies,porpoises,puffins,rams,ravens,seals,sheep,terns,whooper swans'.split(
      ',',
    ),
  weather:
    'a dry easterly,a falling glass,a flat calm,a ground frost,a hard frost,a heavy swell,a late thaw,a northerly gale,a sea fog,a spring flood,a thunderstorm,a week of drizzle,an early snow,driving sleet,high surf,hoar frost,lightning,steady rain'.split(
      ',',
    ),
  month: 'January February March April May June July August September October November December'.split(' '),
  weekday: 'Monday Tuesday Wednesday Thursday Friday Saturday'.split(' '),
  manner:
    'at great cost,before anybody objected,by lantern light,by order of the council,for the third time,in great haste,in spite of the cold,one after the other,to general surprise,under protest,with borrowed tools,with hardly a word,with some difficulty,without a licence,without delay'.split(
      ',',
    ),
  did: 'abandoned,bought,carried off,condemned,counted,discovered,examined,hauled up,inherited,inspected,launched,leased,lent out,lost,measured,mended,moved,numbered,painted,pawned,raised,rebuilt,registered,removed,repaired,replaced,sold,stored,unloaded,weighed'.split(
    ',',
  ),
  unit: 'barrels,baskets,bushels,cartloads,casks,chests,fathoms,gallons,pounds,sacks,tons,yards'.split(','),
  reason:
    'because the bridge was down,because the clerk was ill,for want of coal,since nobody had the key,since the old one had rotted,so that the tide could be used,to keep out the damp,to settle an old debt,until the dues were paid,while the ferry lay in dock'.split(
      ',',
    ),
};

/** Sentence templates about the islands, by subject. */
export const SENTENCES: Readonly<Record<string, readonly string[]>> = {
  Harbour: [
    'In {month} {year} the {vessel} {ship} came into {place} with {number} {unit} of {cargo}, {manner}.',
    'The {trade} at {place} {did} a {quality} {part}, {reason}.',
    'A berth at the {quality} quay of {place} costs {small} crowns a week, and the {trade} collects it on {weekday}.',
    'Between {place} and {place} no {vessel} may anchor, for the {part} of the {building} lies there under {small} fathoms of water.',
    '{person} paid the dues for {number} {unit} of {cargo} and {did} the rest at {place}.',
    'After {weather} the mouth of the harbour was closed for {small} days, and the {vessel} {ship} had to turn back to {place}.',
  ],
  Salt: [
    'The pans at {place} gave {number} {unit} in {year}, which the {trade} {did} {manner}.',
    'With {weather} in {month} the brine stood at {small} degrees, and {person} let it down one terrace too early.',
    'Each of the {small} women raked {number} {unit} between {month} and {month}, {reason}.',
    'The {building} at {place} holds {number} {unit} of grey salt and a {quality} {part}.',
    'Salt from {place} is coarser than that of {place}, so the {trade} mixes both with {cargo}.',
  ],
  Weather: [
    'On {day} {year} {weather} reached {place}, {small} hours after it had been seen from {place}.',
    '{weather} in {month} cost {person} {number} {unit} of {cargo} and the {part} of the {building}.',
    'The {trade} at {place} noted {weather} on {small} days of {month}, more than in any year since {year}.',
    'When {weather} comes with the ebb, the {beast} leave {place} and are found at {place} by the next {weekday}.',
    'Nobody at {place} could remember {weather} so late in the year, though {person} had {did} a {quality} {part} in {month} {year}.',
  ],
  Ferries: [
    'The boat from {place} to {place} sails {small} times a day and takes {number} passengers, {reason}.',
    '{person} {did} the {part} of the ferry {manner}, and it sailed on {weekday} as if nothing had happened.',
    'In {year} the fare to {place} rose to {small} crowns, because {weather} had {did} the {quality} landing.',
    'The ferryman of {place} carried {number} {beast} across in {month}, and the {trade} paid him in {cargo}.',
    'Whoever misses the last boat sleeps in the {building} at {place}, where {person} keeps {small} beds.',
  ],
  Lights: [
    'The light at {place} shows {small} flashes and is seen for {small} miles, except in {weather}.',
    'Its {part} was {did} by {person} on {day} {year}, {reason}.',
    'From the gallery the keeper counted {number} {beast} on the rocks of {place}.',
    'The lamp takes {small} {unit} of oil a week, which the {vessel} {ship} lands at {place} in {month}.',
    'No keeper of {place} may own a {vessel}, but {person} {did} one {manner}.',
  ],
  Beasts: [
    'The {trade} of {place} counted {number} {beast} in {month}, against {number} in {year}.',
    'The {beast} of {place} feed on {cargo} when they can get it, and on the {quality} grass of {place} otherwise.',
    'In {year} {person} drove {number} {beast} from {place} to {place}, {manner}.',
    '{weather} kills more {beast} than the {trade} does, as {person} wrote in {month} {year}.',
    'A {quality} fence of {small} miles keeps the {beast} away from the {building} at {place}.',
  ],
  Repairs: [
    'The {building} at {place} was {did} in {year} and has had a {quality} {part} since then.',
    '{person} asked {number} crowns for the {part}, and the council gave {small}, {reason}.',
    'When the {part} of the {building} broke on {day} {year}, the {trade} {did} it {manner}.',
    'Its walls are of {cargo} and mud, {small} feet thick at the {quality} end.',
    'The plan of {year} shows {small} rooms, a {quality} {part} and a yard for {beast}.',
  ],
  Market: [
    '{cargo} were sold at {small} crowns for {number} {unit}, which {person} of {place} thought too much.',
    'On the {weekday} before the fair the {trade} {did} {number} {unit} of {cargo} {manner}.',
    'The scales of {place} were {did} in {year}, and since then a {quality} weight hangs beside the {part}.',
    'For {small} {beast} a {trade} could have a {part}, a {quality} {part} or {number} {unit} of {cargo}.',
    'Nobody from {place} may sell {cargo} before {month}, {reason}.',
  ],
};
