/** What Locust scripts call, by name, in the order in which they stand. */
export const pythonFunctions: Readonly<Record<string, string>> = {
  text: `def text(value):
    """A value as text, as JSON writes it."""
    if isinstance(value, str):
        return value
    if value is None or value is MISSING:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)`,
  component: `def component(value):
    """RFC 3986, of a path segment, a query or a form."""
    return quote(text(value), safe="-_.!~*'()", errors="replace")`,
  target: `def target(value):
    """A piece of an address that is encoded already."""
    return quote(re.sub("#.*$", "", text(value), flags=re.S), safe="!$%&'()*+,./:;=?@[]_~-", errors="replace")`,
  below_root: `def below_root(address):
    """The path of an address that may be absolute."""
    path = re.sub(r"^[A-Za-z][\\w+.-]*://[^/?]*", "", address)
    return path if path.startswith("/") else "/" + path`,
  header_text: `def header_text(value):
    return re.sub(r"[^\\t\\x20-\\x7e]+", lambda m: quote(m[0], safe="", errors="replace"), text(value))`,
  json_value: `def json_value(value):
    return json.dumps(None if value is MISSING else value, separators=(",", ":"), ensure_ascii=False)`,
  json_text: `def json_text(value):
    return json.dumps(text(value), ensure_ascii=False)[1:-1]`,
  number: `def number(value):
    number = float(value)
    return int(number) if number.is_integer() else number`,
  random_int: `def random_int(least, most):
    return random.randint(least, most)`,
  random_uuid: `def random_uuid():
    return str(uuid.uuid4())`,
  time_ms: `def time_ms():
    return int(time.time() * 1000)`,
  user_index: `def user_index(me):
    return me.index`,
  body_of: `def body_of(r):
    return r.text or ""`,
  json_of: `def json_of(r):
    try:
        return json.loads(r.text)
    except (TypeError, ValueError):
        return MISSING`,
  header_of: `def header_of(r, name):
    return (r.headers or {}).get(name, MISSING)`,
  at: `def at(root, path):
    """The value at a path of names and indices."""
    value = root
    for key in path:
        try:
            if not isinstance(value, list if isinstance(key, int) else dict):
                return MISSING
            value = value[key]
        except (IndexError, KeyError):
            return MISSING
    return value`,
  exists: `def exists(value):
    return value is not MISSING`,
  is_missing: `def is_missing(value):
    return value is MISSING`,
  equals: `def equals(value, expected):
    if isinstance(value, str) and isinstance(expected, (int, float)) and not isinstance(expected, bool):
        return value == text(expected)
    return isinstance(value, bool) == isinstance(expected, bool) and value == expected`,
  equals_text: `def equals_text(value, expected):
    return value is not MISSING and text(value) == expected`,
  contains: `def contains(value, part):
    return value is not MISSING and part in text(value)`,
  matches: `def matches(value, pattern):
    return value is not MISSING and re.search(pattern, text(value), re.A) is not None`,
  first_group: `def first_group(value, pattern):
    match = None if value is MISSING else re.search(pattern, text(value), re.A)
    if match is None:
        return MISSING
    return match[1] if match.re.groups and match[1] is not None else match[0]`,
  zipf: `def zipf(n, exponent):
    """Ranks from 0 by Zipf's law: rejection-inversion (Hoermann and Derflinger 1996)."""

    def integral(x):
        power = (1 - exponent) * math.log(x)
        return math.log(x) * (math.expm1(power) / power if abs(power) > 1e-8 else 1 + power / 2)

    def inverse(y):
        t = max(y * (1 - exponent), -1)
        return math.exp(y * (math.log1p(t) / t if abs(t) > 1e-8 else 1 - t / 2))

    first, last = integral(1.5) - 1, integral(n + 0.5)
    shortcut = 2 - inverse(integral(2.5) - 2**-exponent)
    while True:
        u = last + random.random() * (first - last)
        x = inverse(u)
        rank = min(max(math.floor(x + 0.5), 1), n)
        if rank - x <= shortcut or u >= integral(rank + 0.5) - rank**-exponent:
            return rank - 1`,
}
