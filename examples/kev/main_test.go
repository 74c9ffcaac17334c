package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const header = "vendor,entries,past,soon,impossible,medianDays\n"

// ask writes a list to a file, asks as of 2025-03-01 and returns what comes back.
func ask(t testing.TB, list string) (status int, out, told string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte(list), 0o600))
	return askFile(path, "2025-03-01")
}

func askFile(path, day string) (status int, out, told string) {
	var o, d bytes.Buffer
	status = code([]string{"-file", path, "-as-of", day, "-format", "csv"}, &o, &d)
	return status, o.String(), d.String()
}

// list is a list of entries "id|vendor|added|due" in JSON; a field "-" is absent, "null" null.
func list(entries ...string) string {
	var out []string
	for _, e := range entries {
		var fields []string
		for n, v := range strings.Split(e, "|") {
			name := []string{"cveID", "vendorProject", "dateAdded", "dueDate"}[n]
			switch v {
			case "-":
			case "null":
				fields = append(fields, fmt.Sprintf("%q: null", name))
			default:
				text, err := json.Marshal(v)
				if err != nil {
					panic(err)
				}
				fields = append(fields, fmt.Sprintf("%q: %s", name, text))
			}
		}
		out = append(out, "{"+strings.Join(fields, ", ")+"}")
	}
	return fmt.Sprintf("{\"count\": %d, \"vulnerabilities\": [\n%s\n]}\n", len(entries), strings.Join(out, ",\n"))
}

// asCSV is the same list as CSV, where there is nothing absent.
func asCSV(entries ...string) string {
	var out strings.Builder
	out.WriteString("cveID,vendorProject,dateAdded,dueDate\n")
	for _, e := range entries {
		fields := strings.Split(e, "|")
		for n := range fields {
			if strings.ContainsAny(fields[n], "\",\n") {
				fields[n] = `"` + strings.ReplaceAll(fields[n], `"`, `""`) + `"`
			}
		}
		out.WriteString(strings.Join(fields, ",") + "\n")
	}
	return out.String()
}

func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entries []string
		rows    string
		told    string
	}{
		"nothing":                               {nil, "", ""},
		"added on the day, and after it":        {[]string{"1|a|2025-03-01|2025-04-01", "2|a|2025-03-02|2025-04-01"}, "a,1,0,0,0,31\n", ""},
		"a vendor without counted ones":         {[]string{"1|a|2025-03-02|2025-04-01"}, "", ""},
		"due before, on and after the day":      {[]string{"1|a|2025-02-01|2025-02-28", "2|a|2025-02-01|2025-03-01", "3|a|2025-02-01|2025-03-15", "4|a|2025-02-01|2025-03-16"}, "a,4,1,2,0,35\n", ""},
		"impossible ones are past, and no days": {[]string{"1|a|2025-02-01|2025-01-31", "2|a|2025-02-01|2025-02-01", "3|b|2025-02-02|2025-02-01"}, "a,2,2,0,1,0\nb,1,1,0,1,\n", ""},
		"a median between two":                  {[]string{"1|a|2025-01-01|2025-01-15", "2|a|2025-01-01|2025-01-22"}, "a,2,2,0,0,17.5\n", ""},
		"a median between two, whole":           {[]string{"1|a|2025-01-01|2025-01-15", "2|a|2025-01-01|2025-01-21"}, "a,2,2,0,0,17\n", ""},
		"a median is no mean":                   {[]string{"1|a|2025-01-01|2025-01-02", "2|a|2024-01-01|2025-01-01", "3|a|2025-01-01|2025-01-04"}, "a,3,3,0,0,3\n", ""},
		"spaces around a vendor":                {[]string{"1|  a b\t|2025-01-01|2025-01-15", "2|a b|2025-01-01|2025-01-15"}, "a b,2,2,0,0,14\n", ""},
		"byte order":                            {[]string{"1|b|2025-01-01|2025-01-15", "2|Z|2025-01-01|2025-01-15", "3|ä|2025-01-01|2025-01-15", "4|7|2025-01-01|2025-01-15"}, "7,1,1,0,0,14\nZ,1,1,0,0,14\nb,1,1,0,0,14\nä,1,1,0,0,14\n", ""},
		"cells in quotes":                       {[]string{`1|a, "b"|2025-01-01|2025-01-15`, "2|a\nb|2025-01-01|2025-01-15", "3|=1+1|2025-01-01|2025-01-15"}, "=1+1,1,1,0,0,14\n\"a\nb\",1,1,0,0,14\n\"a, \"\"b\"\"\",1,1,0,0,14\n", ""},
		"the first with both dates counts": {
			[]string{"1|a||2025-02-01", "1|b|2025-01-01|2025-01-15", "1|c|2025-01-01|2025-01-15"},
			"b,1,1,0,0,14\n",
			"kev: line 2: 1 has no dateAdded: it is left out\nkev: line 4: 1 stands there again: the one of line 3 counts\n",
		},
		"the first counts, though it was added later": {[]string{"1|a|2025-03-02|2025-04-01", "1|b|2025-01-01|2025-01-15"}, "", "kev: line 3: 1 stands there again: the one of line 2 counts\n"},
		"no dates at all":                      {[]string{"1|a||"}, "", "kev: line 2: 1 has no dateAdded and no dueDate: it is left out\n"},
		"no due date":                          {[]string{"1|a|2025-01-01|", "2|a|2025-01-01|2025-01-15"}, "a,1,1,0,0,14\n", "kev: line 2: 1 has no dueDate: it is left out\n"},
		"ids in another case":                  {[]string{"cve-1|a|2025-01-01|2025-01-15", "CVE-1|a|2025-01-01|2025-01-15"}, "a,2,2,0,0,14\n", ""},
		"no ids are not alike":                 {[]string{"|a|2025-01-01|2025-01-15", "|a|2025-01-01|2025-01-15"}, "a,2,2,0,0,14\n", "kev: line 2: an entry has no cveID: it counts as one of its own\nkev: line 3: an entry has no cveID: it counts as one of its own\n"},
		"no vendor":                            {[]string{"1||2025-01-01|2025-01-15", "2| |2025-01-01|2025-01-15"}, ",2,2,0,0,14\n", ""},
		"leap days":                            {[]string{"1|a|2024-02-28|2024-03-01", "2|b|2023-02-28|2023-03-01"}, "a,1,1,0,0,2\nb,1,1,0,0,1\n", ""},
		"the first and the last day there are": {[]string{"1|a|0001-01-01|9999-12-31"}, "a,1,0,0,0,3652058\n", ""},
	} {
		for form, text := range map[string]string{"json": list(c.entries...), "csv": asCSV(c.entries...)} {
			status, out, told := ask(t, text)
			require.Equal(t, header+c.rows, out, "%s, %s", name, form)
			require.Equal(t, c.told, told, "%s, %s", name, form)
			require.Zero(t, status, "%s, %s", name, form)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	entry := `{"cveID":"1","vendorProject":"a","dateAdded":"2025-01-01","dueDate":"2025-01-15"}`
	const one = header + "a,1,1,0,0,14\n"
	for name, c := range map[string]struct{ text, want, told string }{
		"a mark":                     {"\ufeff" + `{"vulnerabilities":[` + entry + `]}`, one, ""},
		"space before it":            {"\ufeff \r\n\t" + `{"vulnerabilities":[` + entry + "]}\n\n", one, ""},
		"a mark before CSV":          {"\ufeffcveID,vendorProject,dateAdded,dueDate\n1,a,2025-01-01,2025-01-15\n", one, ""},
		"a mark before quotes":       {"\ufeff\"cveID\",vendorProject,dateAdded,dueDate\n1,a,2025-01-01,2025-01-15\n", one, ""},
		"space before CSV":           {"\r\n \n cveID,vendorProject,dateAdded,dueDate\n1,a,2025-01-01,2025-01-15\n", one, ""},
		"CR LF":                      {"cveID,vendorProject,dateAdded,dueDate\r\n1,a,2025-01-01,\"2025-01-15\"\r\n\r\n", one, ""},
		"CR LF, the last one cut":    {"cveID,vendorProject,dateAdded,dueDate\r\n1,a,2025-01-01,2025-01-15\r", one, ""},
		"no line end":                {"cveID,vendorProject,dateAdded,dueDate\n1,a,2025-01-01,2025-01-15", one, ""},
		"another order, more":        {"x,dueDate,vendorProject,dateAdded,cveID\n\"1\n2\",2025-01-15,a,2025-01-01,1\n", one, ""},
		"no entries":                 {"cveID,vendorProject,dateAdded,dueDate\n", header, ""},
		"no entries in JSON":         {`{"vulnerabilities":[]}`, header, ""},
		"null, and absent":           {list("1|a|null|2025-01-15", "2|a|2025-01-01|-", "-|-|2025-01-01|2025-01-15", "null|null|2025-01-01|2025-01-15"), header + ",2,2,0,0,14\n", "kev: line 2: 1 has no dateAdded: it is left out\nkev: line 3: 2 has no dueDate: it is left out\nkev: line 4: an entry has no cveID: it counts as one of its own\nkev: line 5: an entry has no cveID: it counts as one of its own\n"},
		"a count that differs":       {"{\"vulnerabilities\":[" + entry + "],\n\"count\":3}", one, "kev: line 2: count says 3, the list has 1 entries\n"},
		"a count that does not":      {`{"count":1.0e0,"vulnerabilities":[` + entry + `]}`, one, ""},
		"a count beyond all numbers": {`{"count":1e999999999,"vulnerabilities":[` + entry + `]}`, one, "kev: line 1: count says 1e999999999, the list has 1 entries\n"},
		"no count":                   {`{"count":null,"vulnerabilities":[` + entry + `]}`, one, ""},
		"escapes":                    {`{"vulnerabilities":[{"cveID":"1","vendorProject":"\u00e4\ud83d\ude00\ud800\/\n","dateAdded":"2025\u002d01-01","dueDate":"2025-01-15"}]}`, header + "ä😀\ufffd/,1,1,0,0,14\n", ""},
		"what else there may be":     {`{"x":[1,-0.5e3,true,false,null,{"y":[]}],"vulnerabilities":[{"z":{},"cwes":null,"cveID":"1","vendorProject":"a","dateAdded":"2025-01-01","dueDate":"2025-01-15"}]}`, one, ""},
	} {
		status, out, told := ask(t, c.text)
		require.Equal(t, c.want, out, "%s: %s", name, told)
		require.Equal(t, c.told, told, name)
		require.Zero(t, status, name)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	const head = "cveID,vendorProject,dateAdded,dueDate\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                    {"", "line 1, column 1: there is nothing"},
		"space":                      {"\ufeff \n", "line 2, column 1: there is nothing"},
		"UTF-16":                     {"\xff\xfec\x00", "line 1, column 1: must be UTF-8"},
		"not UTF-8":                  {head + "1,\xe4,2025-01-01,2025-01-15\n", "line 2, column 3: must be UTF-8"},
		"a field less":               {head + "1,a,2025-01-01\n", "line 2, column 15: the row ends after 3 fields, the header has 4"},
		"a field less, and CR LF":    {head + "1,a,2025-01-01\r\n", "line 2, column 15: the row ends"},
		"a field more":               {head + "1,ä,2025-01-01,2025-01-15,\n", "line 2, column 27: the row has 5 fields"},
		"spaces are a row":           {head + " \n", "line 2, column 2: the row ends after 1"},
		"an open quote":              {head + "1,\"a,2025-01-01,2025-01-15\n2,b,2025-01-01,2025-01-15\n", "line 2, column 3: is no CSV: the quote that opens here is never closed; the file ends in line 4"},
		"an open quote in the head":  {"cveID,\"vendorProject,dateAdded,dueDate\n", "line 1, column 7: is no CSV"},
		"a quote inside":             {head + "1,a\"b,2025-01-01,2025-01-15\n", "line 2, column 4: is no CSV"},
		"more after a quote":         {head + "1,\"a\"b,2025-01-01,2025-01-15\n", "line 2, column 6: is no CSV"},
		"a missing column":           {"cveID,vendorProject,dateAdded\n1,a,2025-01-01\n", "line 1, column 1: the header has no column dueDate"},
		"another case":               {"CVEID,vendorProject,dateAdded,dueDate\n", "line 1, column 1: the header has no column cveID"},
		"a column twice":             {"cveID,vendorProject,dateAdded,dueDate,dueDate\n", "line 1, column 39: the column \"dueDate\" stands there twice"},
		"some text":                  {"hello\n", "line 1, column 1: the header has no column cveID"},
		"no day of the calendar":     {head + "1,a,2025-01-01,2025-02-30\n", "line 2, column 16 \"2025-02-30\": dueDate must be a day"},
		"a day in another form":      {head + "1,a,1/2/2025,2025-02-03\n", "line 2, column 5 \"1/2/2025\": dateAdded must be a day"},
		"a day with spaces":          {head + "1,a,2025-01-01 ,2025-02-03\n", "line 2, column 5"},
		"a day with a time":          {list("1|a|2025-01-01T00:00:00Z|2025-02-03"), "line 2, column 51"},
		"a bad day beside none":      {list("1|a||soon"), "line 2, column 66 \"soon\""},
		"a bad day of one that was":  {list("1|a|2025-01-01|2025-01-15", "1|a|2025-01-01|2025-13-15"), "line 3, column 76 \"2025-13-15\""},
		"a bad day after the day":    {list("1|a|2026-01-01|2026-00-15"), "line 2, column 76"},
		"JSON that ends early":       {"{\"vulnerabilities\": [\n{\"cveID\": \"1\"}", "line 2, column 15: the JSON ends early"},
		"it ends in a text":          {"{\"vulnerabilities\": [\n{\"cveID\": \"1", "line 2, column 11: the JSON ends early"},
		"it ends in an escape":       {"{\"vulnerabilities\": [\n{\"cveID\": \"1\\", "line 2, column 11: the JSON ends early"},
		"it ends in a number":        {"{\"count\": -", "line 1, column 12: the JSON ends early"},
		"it ends in a word":          {"{\"count\": nul", "line 1, column 11: is no JSON"},
		"it ends in the list":        {"{\"vulnerabilities\": [", "line 1, column 22: the JSON ends early"},
		"it ends behind the list":    {"{\"vulnerabilities\": []\n", "line 2, column 1: the JSON ends early"},
		"more behind it":             {`{"vulnerabilities": []} {}`, "line 1, column 25: is no JSON: nothing may follow"},
		"a comma too many":           {`{"vulnerabilities": [],}`, "line 1, column 24: is no JSON: a key in quotes"},
		"a comma too many in a list": {`{"vulnerabilities": [{},]}`, "line 1, column 25: is no JSON: a value"},
		"no comma":                   {`{"vulnerabilities": [{}{}]}`, "line 1, column 24: is no JSON: a comma or ]"},
		"a line end in a text":       {"{\"title\": \"a\nb\"}", "line 1, column 13: is no JSON"},
		"leading zeros":              {`{"count": 01}`, "line 1, column 12: is no JSON"},
		"an escape of nothing":       {`{"title": "\x"}`, "line 1, column 12: is no JSON"},
		"a key twice":                {`{"vulnerabilities": [], "vulnerabilities": []}`, "line 1, column 25: the key \"vulnerabilities\" stands twice"},
		"a key of an entry twice":    {`{"vulnerabilities": [{"cveID":"1","cveID":"2"}]}`, "line 1, column 35: the key \"cveID\" stands twice"},
		"a list":                     {`[{"cveID":"1"}]`, "line 1, column 1: the catalogue must be an object"},
		"no list":                    {` {"count": 0}`, "line 1, column 2: the catalogue has no list"},
		"no list, but null":          {`{"vulnerabilities": null}`, "line 1, column 21: vulnerabilities must be a list, it is null"},
		"an entry that is none":      {`{"vulnerabilities": [1]}`, "line 1, column 22: an entry must be an object, it is a number"},
		"an id that is a number":     {`{"vulnerabilities": [{"cveID": 1}]}`, "line 1, column 32: cveID must be a text, it is a number"},
		"a day that is a number":     {`{"vulnerabilities": [{"dueDate": 20250101}]}`, "line 1, column 34: dueDate must be a text"},
		"a vendor that is a list":    {`{"vulnerabilities": [{"vendorProject": []}]}`, "line 1, column 40: vendorProject must be a text"},
		"a count that is a text":     {`{"count": "1", "vulnerabilities": []}`, "line 1, column 11: count must be a number, it is a text"},
		"too deep":                   {`{"x": ` + strings.Repeat("[", 200), "too-deep"},
		"too many values":            {`{"x": [` + strings.Repeat("1,", 20_000) + "1]}", "too-many"},
	} {
		status, out, told := ask(t, c.text)
		require.Contains(t, told, c.want, name)
		require.Empty(t, out, name)
		require.Equal(t, 2, status, name)
	}
}

// All that is wrong is told at once, and no more than a person reads.
func TestBoundedComplaints(t *testing.T) {
	t.Parallel()
	bad := make([]string, 5000)
	for n := range bad {
		bad[n] = strconv.Itoa(n) + "|a|2025-02-30|2025-01-15"
	}
	status, out, told := ask(t, list(bad...))
	require.Equal(t, 2, status)
	require.Empty(t, out)
	require.Contains(t, told, "kev: line 2, column")
	require.Contains(t, told, "kev: line 3, column")
	require.LessOrEqual(t, strings.Count(told, "\n"), 101)
	for n := range bad {
		bad[n] = strconv.Itoa(n) + "|a|2025-01-01|"
	}
	status, out, told = ask(t, strings.Replace(list(bad...), "5000", "7", 1))
	require.Zero(t, status)
	require.Equal(t, header, out)
	require.True(t, strings.HasPrefix(told, "kev: line 1: count says 7, the list has 5000 entries\n"), told)
	require.Contains(t, told, "and 4902 more")
	require.Equal(t, 100, strings.Count(told, "\n"))
}

func TestArguments(t *testing.T) {
	t.Parallel()
	var out, told bytes.Buffer
	require.Zero(t, code([]string{"-help"}, &out, &told))
	require.Contains(t, out.String(), "kev -file known_exploited_vulnerabilities.json -as-of 2025-03-01 -format csv")
	require.Contains(t, out.String(), "-as-of day")
	require.Empty(t, told.String())
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte(list()), 0o600))
	for name, args := range map[string][]string{
		"nothing": {}, "no day": {"-file", path}, "no file": {"-as-of", "2025-03-01"}, "more": {"-file", path, "-as-of", "2025-03-01", "more"},
		"no such day": {"-file", path, "-as-of", "2025-02-29"}, "a word": {"-file", path, "-as-of", "today"}, "an empty day": {"-file", path, "-as-of", ""},
		"a day in another form": {"-file", path, "-as-of", "2025-3-1"}, "another format": {"-file", path, "-as-of", "2025-03-01", "-format", "xml"},
		"no such file": {"-file", path + "x", "-as-of", "2025-03-01"}, "a directory": {"-file", filepath.Dir(path), "-as-of", "2025-03-01"}, "no such flag": {"-day", "x"},
	} {
		out.Reset()
		told.Reset()
		require.Equal(t, 2, code(args, &out, &told), name)
		require.Empty(t, out.String(), name)
		require.NotEmpty(t, told.String(), name)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte(list("1|b\x1b[2J\u202ec|2025-02-01|2025-01-31", "2|a|2025-02-01|2025-03-01", "3||2025-02-01|2025-03-02")), 0o600))
	var out, told bytes.Buffer
	require.Zero(t, code([]string{"-file", path, "-as-of", "2025-03-01"}, &out, &told), told.String())
	require.Equal(t, `Known exploited vulnerabilities as of 2025-03-01, by vendor.

  entries  past due  due soon  impossible  median days  vendor
        1         0         1           0           29  (no name)
        1         0         1           0           28  a
        1         1         0           1            -  b [2J c
        3         1         2           1         28.5  all

Due soon: on that day or in the 14 days after it. Impossible: due before it was added to the list.
`, out.String())
}

// What comes out for the real lists was reckoned by another program, too, of another
// language, for nine days each.
func TestRealLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, day                                string
		vendors, entries, past, soon, impossible int
		told                                     string
		row                                      string
	}{
		{"kev-older.json", "2025-02-18", 69, 193, 172, 16, 8, "count says 1273, the list has 193 entries", "Ivanti,12,12,0,4,21\n"},
		{"kev-newer.json", "2025-05-07", 85, 255, 239, 8, 8, "count says 1404, the list has 255 entries", "VMware,7,7,0,0,21\n"},
		{"kev-2021.csv", "2022-03-07", 72, 400, 122, 33, 8, "", "Accellion,4,4,0,0,14\n"},
	} {
		status, out, told := askFile(filepath.Join("..", "..", "interop", "advisory", "testdata", "corpus", c.file), c.day)
		require.Zero(t, status, told)
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		require.NoError(t, err)
		var sum [4]int
		for _, r := range rows[1:] {
			for n := range sum {
				x, err := strconv.Atoi(r[n+1])
				require.NoError(t, err)
				sum[n] += x
			}
		}
		require.Equal(t, c.vendors, len(rows)-1, c.file)
		require.Equal(t, [4]int{c.entries, c.past, c.soon, c.impossible}, sum, c.file)
		require.Contains(t, told, c.told)
		require.Contains(t, out, c.row)
	}
}

// FuzzKEV: whatever the file holds, there is a whole answer or a place where it is wrong.
func FuzzKEV(f *testing.F) {
	f.Add([]byte(list("1|a|2025-01-01|2025-01-15", "1|a, b|null|-")))
	f.Add([]byte(asCSV("1|a|2025-01-01|2025-01-15", `2|a "b"|2025-01-01|`)))
	f.Add([]byte("\ufeff[{\"\\ud800\":1e9}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		status, out, told := ask(t, string(text))
		if status == 2 {
			require.Empty(t, out)
			require.Regexp(t, `line \d+, column \d+`, told)
			return
		}
		require.Zero(t, status)
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		require.NoError(t, err)
		for _, r := range rows {
			require.Len(t, r, 6)
		}
	})
}
