// HTML that nobody vouches for, cleaned by an allow-list: the only place of the page where HTML becomes elements.
//
// No scripts, forms, frames or styles of a document come through; no ids or names that could stand in for the page's own;
// nothing is fetched from anywhere; and no style lets an output leave its place.

import DOMPurify, { type Config } from 'dompurify';

const TEXT =
  'a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var';
const MATH =
  'math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics';
const ATTRIBUTES = 'align alt colspan dir height href lang open reversed rowspan scope span src start style title valign width';
const MATH_ATTRIBUTES =
  'accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form linethickness lspace mathcolor mathvariant maxsize minsize movablelimits notation rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset xmlns';

const words = (list: string) => list.split(' ');

const CONFIG: Config = {
  ALLOWED_TAGS: [...words(TEXT), ...words(MATH), '#text'],
  ALLOWED_ATTR: [...words(ATTRIBUTES), ...words(MATH_ATTRIBUTES)],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/(?:png|jpeg|gif|webp);base64,)/i,
  ADD_FORBID_CONTENTS: ['annotation', 'annotation-xml', 'style', 'script', 'template', 'noscript', 'title'],
  RETURN_DOM_FRAGMENT: true,
};

/** The styles that a table or a text may have. */
const STYLES = [
  'background-color',
  'border-collapse',
  'color',
  'font-style',
  'font-weight',
  'padding-left',
  'text-align',
  'text-decoration-line',
  'vertical-align',
  'white-space',
];

const purifier = DOMPurify(window);

purifier.addHook('uponSanitizeAttribute', (node, attribute) => {
  if (attribute.attrName === 'style') {
    attribute.attrValue = safeStyle(attribute.attrValue);
    attribute.keepAttr = attribute.attrValue !== '';
  } else if (attribute.attrName === 'src') {
    // An image is in the output or nowhere.
    attribute.keepAttr = node.nodeName === 'IMG' && attribute.attrValue.startsWith('data:image/');
  } else if (attribute.attrName === 'href') {
    attribute.keepAttr = node.nodeName === 'A' && !attribute.attrValue.startsWith('data:');
  }
});

purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName !== 'A' || !node.hasAttribute('href')) return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer nofollow');
});

function safeStyle(text: string): string {
  const { style } = document.createElement('span');
  style.cssText = text;
  const kept = STYLES.flatMap((name) => {
    const value = style.getPropertyValue(name);
    return value !== '' && !/url|var|expression/i.test(value) ? [`${name}: ${value}`] : [];
  });
  return kept.join('; ');
}

/** Returns what may be shown of some HTML. */
export function clean(html: string): DocumentFragment {
  return purifier.sanitize(html, CONFIG) as unknown as DocumentFragment;
}
