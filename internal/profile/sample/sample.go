// Package sample writes made-up customers as CSV, for the demonstration, tests and benchmarks. The people do not exist:
// addresses use domains that are reserved for examples. The same seed gives the same customers.
package sample

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Header are the columns.
var Header = []string{"id", "email", "first_name", "last_name", "phone", "address", "postal_code", "city", "country",
	"birth_date", "gender", "loyalty_points", "newsletter", "newsletter_since", "last_purchase", "language"}

// Awkward is how often, one in so many, a customer has an address that a destination will not take as it is: none, one that
// is malformed, or one that another customer has too, in other letters.
const Awkward = 330

// region is where customers come from.
type region struct {
	country, language, dial string
	phoneDigits             int
	first                   [2][]string // women, men
	last, streets           []string
	cities                  []string // "postal code|city"
}

var regions = []region{
	{"Denmark", "da", "+45", 8, [2][]string{
		strings.Fields("Anne Mette Kirsten Hanne Sofie Freja Ida Signe Åse Bodil Karen Lærke Maja Asta Søs"),
		strings.Fields("Peter Jens Lars Søren Mikkel Rasmus Jørgen Åge Niels Emil Kåre Bjørn Malthe Anders Tøger"),
	}, strings.Fields("Jensen Nielsen Hansen Pedersen Sørensen Kjær Møller Østergaard Ågård Bæk Thomsen Holm Nørgaard Skov Dahl"),
		strings.Fields("Østergade Nørregade Søndergade Vestergade Skolegade Kirkevej Åboulevarden Bøgevej Lærkevej Strandvejen Møllevej"),
		[]string{"1050|København K", "2100|København Ø", "8000|Aarhus C", "5000|Odense C", "9000|Aalborg", "6700|Esbjerg", "4600|Køge",
			"3000|Helsingør", "0800|Høje Taastrup", "6200|Aabenraa"}},
	{"Sweden", "sv", "+46", 9, [2][]string{
		strings.Fields("Astrid Elsa Linnéa Märta Åsa Karin Ebba"), strings.Fields("Erik Björn Göran Lars Nils Oskar Åke"),
	}, strings.Fields("Andersson Johansson Lindström Öberg Sjögren Åkesson Nyström"),
		strings.Fields("Storgatan Drottninggatan Kungsgatan Skolgatan Ängsvägen"),
		[]string{"111 20|Stockholm", "411 05|Göteborg", "211 22|Malmö", "753 10|Uppsala"}},
	{"Germany", "de", "+49", 10, [2][]string{
		strings.Fields("Anna Jette Käthe Lena Marie Sophie"), strings.Fields("Jürgen Jörg Lukas Felix Günther Thomas"),
	}, strings.Fields("Müller Schmidt Weiß Schröder Köhler Becker Groß"),
		[]string{"Hauptstraße", "Bahnhofstraße", "Gartenweg", "Lindenallee"},
		[]string{"10115|Berlin", "20095|Hamburg", "80331|München", "24103|Kiel"}},
	{"United Kingdom", "en", "+44", 10, [2][]string{
		strings.Fields("Emily Grace Siobhan Olivia Charlotte Zoë"), strings.Fields("James Oliver Harry William Seán George"),
	}, strings.Fields("Smith O'Brien Taylor D'Arcy Fitz-Gerald Wilson O'Connor"),
		[]string{"High Street", "Station Road", "Church Lane", "Queen's Road"},
		[]string{"SW1A 1AA|London", "M1 1AE|Manchester", "EH1 1YZ|Edinburgh", "BT1 5GS|Belfast"}},
}

var (
	ascii = strings.NewReplacer("æ", "ae", "ø", "oe", "å", "aa", "Æ", "ae", "Ø", "oe", "Å", "aa", "ä", "a", "ö", "o", "Ö", "o",
		"ü", "u", "é", "e", "ë", "e", "á", "a", "ß", "ss", "'", "", " ", "")
	newest = time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC)
)

// Write writes a header and n customers.
func Write(w io.Writer, n int, seed uint64) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	out := csv.NewWriter(buffered)
	if err := out.Write(Header); err != nil {
		return fmt.Errorf("write customers: %w", err)
	}
	random := rand.New(rand.NewPCG(seed, 0x5e60e))
	row := make([]string, len(Header))
	earlier := ""
	for i := 1; i <= n; i++ {
		earlier = customer(row, i, random, earlier)
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write customers: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write customers: %w", err)
	}
	return buffered.Flush()
}

// customer fills a row and returns its address, for a later customer to share.
func customer(row []string, i int, random *rand.Rand, earlier string) string {
	from := &regions[0]
	if random.IntN(10) > 6 { // seven of ten are Danish
		from = &regions[1+random.IntN(len(regions)-1)]
	}
	sex := random.IntN(2)
	first, last := pick(random, from.first[sex]), pick(random, from.last)
	code, city, _ := strings.Cut(pick(random, from.cities), "|")
	domain := [...]string{"example.com", "example.org", "example.net"}[random.IntN(3)]
	own := strings.ToLower(ascii.Replace(first)+"."+ascii.Replace(last)) + strconv.Itoa(i)
	if random.IntN(50) == 0 {
		own += "+offers"
	}
	own += "@" + domain
	email := own
	if i%Awkward == Awkward/2 {
		switch i / Awkward % 3 {
		case 0:
			email = ""
		case 1:
			email = strings.Replace(own, "@", " at ", 1)
		default:
			email = strings.ToUpper(earlier)
		}
	}
	gender := [2]string{"female", "male"}[sex]
	phone := from.dial + phoneNumber(i, from.phoneDigits)
	copy(row, []string{
		fmt.Sprintf("C%07d", i), email, first, last, sometimes(random, 75, phone),
		fmt.Sprintf("%s %d", pick(random, from.streets), 1+random.IntN(180)), code, city, from.country,
		sometimes(random, 92, newest.AddDate(-18-random.IntN(70), 0, -random.IntN(365)).Format(time.DateOnly)),
		sometimes(random, 95, gender), strconv.Itoa(random.IntN(25) * random.IntN(400)), strconv.FormatBool(random.IntN(3) != 0), answered(i),
		sometimes(random, 83, newest.AddDate(0, 0, -random.IntN(900)).Format(time.DateOnly)), from.language,
	})
	return own
}

// answered is when a customer said yes or no to the newsletter; of one in eight that is not known.
func answered(i int) string {
	if i%8 == 0 {
		return ""
	}
	return newest.AddDate(0, 0, -i*37%1500).Add(time.Duration(i*7919%86400) * time.Second).Format(time.RFC3339)
}

// phoneNumber is different for every customer, since no two contacts can have the same one: the factor is prime to the
// count of numbers of eight digits that begin with 2 to 9.
func phoneNumber(i, digits int) string {
	number := strconv.Itoa(20_000_000 + i*6_700_417%80_000_000)
	return strings.Repeat("7", digits-len(number)) + number
}

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }

// sometimes leaves a value out, but for so many of a hundred.
func sometimes(random *rand.Rand, percent int, value string) string {
	if random.IntN(100) < percent {
		return value
	}
	return ""
}
