package dev.streamingsaga.store;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.store.SearchText.Word;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.Year;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A search text in its parts.
 *
 * @param text what is searched for, without quotes and filters
 * @param phrases the quoted parts of it, which a segment must contain word for word
 */
record SearchQuery(String text, List<String> phrases, DocumentFilter filter) {
    static final int MAX_WORDS = 64;
    private static final int MAX_PHRASES = 8;
    private static final int MAX_FILTERS = 8;

    /** A filter, a phrase, or anything else up to a space. */
    private static final Pattern ITEM = Pattern.compile(
            "(?<key>file|type|owner|after|before):(?:\"(?<quoted>[^\"]*)\"|(?<value>[^\\s\"]\\S*))(?!\\S)"
                    + "|\"(?<phrase>[^\"]*)\"|(?<word>\\S[^\\s\"]*)");

    private enum Key {
        FILE,
        TYPE,
        OWNER,
        AFTER,
        BEFORE
    }

    /** @throws SearchTextException if it is too long, or a filter has no date; says what to do */
    static SearchQuery of(String text) {
        if (text.length() > VectorSearch.MAX_TEXT_CHARS) {
            throw new SearchTextException("a search text must have at most " + VectorSearch.MAX_TEXT_CHARS
                    + " characters, has " + text.length() + "; search for its most important words");
        }
        List<String> words = new ArrayList<>();
        List<String> phrases = new ArrayList<>();
        Map<Key, List<String>> filters = new EnumMap<>(Key.class);
        Matcher item = ITEM.matcher(text);
        while (item.find()) {
            if (item.group("key") != null) {
                String value = Optional.ofNullable(item.group("quoted")).orElseGet(() -> item.group("value"));
                filters.computeIfAbsent(
                                Key.valueOf(item.group("key").toUpperCase(Locale.ROOT)), key -> new ArrayList<>())
                        .add(value);
            } else if (item.group("phrase") != null) {
                words.add(item.group("phrase"));
                phrases.add(item.group("phrase"));
            } else {
                words.add(item.group("word"));
            }
        }
        phrases.removeIf(phrase -> SearchText.of(phrase).inOrder().isEmpty());
        SearchQuery query = new SearchQuery(String.join(" ", words).strip(), List.copyOf(phrases), filter(filters));
        query.requireLimits(filters.values().stream().mapToInt(List::size).sum());
        return query;
    }

    /** Over documents that the limit permits only. */
    SearchQuery within(AccessLimit limit) {
        return new SearchQuery(text, phrases, filter.and(DocumentFilter.of(limit)));
    }

    private void requireLimits(int filters) {
        int count = terms().size();
        if (count > MAX_WORDS) {
            throw new SearchTextException("a search text must have at most " + MAX_WORDS + " different words, has "
                    + count + "; search for the most important ones");
        }
        if (phrases.size() > MAX_PHRASES) {
            throw new SearchTextException("a search text must have at most " + MAX_PHRASES + " phrases in quotes, has "
                    + phrases.size() + "; leave some out");
        }
        if (filters > MAX_FILTERS) {
            throw new SearchTextException(
                    "a search text must have at most " + MAX_FILTERS + " filters, has " + filters + "; leave some out");
        }
        if (filters > 0 && text.isEmpty()) {
            throw new SearchTextException(
                    "a search needs words in addition to filters; add words that the documents contain");
        }
    }

    /** All different words. */
    List<Term> terms() {
        return Term.of(SearchText.of(text).all());
    }

    /** The different words without those that say nothing in this language, unless all are such. */
    List<Term> terms(String language) {
        Predicate<Word> stopWord = StopWords.of(language);
        List<Term> terms = Term.of(
                SearchText.of(text).all().stream().filter(stopWord.negate()).toList());
        return terms.isEmpty() ? terms() : terms;
    }

    private static DocumentFilter filter(Map<Key, List<String>> filters) {
        DocumentFilter filter = DocumentFilter.NONE;
        for (Map.Entry<Key, List<String>> entry : filters.entrySet()) {
            List<DocumentFilter> any = entry.getValue().stream()
                    .map(value -> condition(entry.getKey(), value))
                    .toList();
            boolean dates = entry.getKey() == Key.AFTER || entry.getKey() == Key.BEFORE;
            filter = filter.and(
                    any.stream().map(DocumentFilter::sql).collect(Collectors.joining(dates ? " and " : " or ")),
                    any.stream().flatMap(one -> one.parameters().stream()).toList());
        }
        return filter;
    }

    private static DocumentFilter condition(Key key, String value) {
        String pattern = pattern(value);
        return switch (key) {
            case FILE -> new DocumentFilter("d.file_key like ? escape '!'", List.of(pattern));
            case OWNER -> new DocumentFilter("lower(d.owner) like ? escape '!'", List.of(pattern));
            case TYPE ->
                new DocumentFilter(
                        "d.content_type like ? escape '!' or d.content_type like ? escape '!'"
                                + " or d.file_key like ? escape '!'",
                        List.of(pattern, "%/" + pattern, "%." + pattern));
            case AFTER -> new DocumentFilter("d.received >= ?", List.of(date(key, value)));
            case BEFORE -> new DocumentFilter("d.received < ? and d.received <> ''", List.of(date(key, value)));
        };
    }

    private static String pattern(String value) {
        return fileKey(value)
                .replace("!", "!!")
                .replace("%", "!%")
                .replace("_", "!_")
                .replace("*", "%");
    }

    /** A file name as filters compare it. */
    static String fileKey(String name) {
        return java.text.Normalizer.normalize(name, java.text.Normalizer.Form.NFC)
                .toLowerCase(Locale.ROOT);
    }

    private static String date(Key key, String value) {
        try {
            return switch (value.length()) {
                case 4 -> Year.parse(value).toString();
                case 7 -> YearMonth.parse(value).toString();
                default -> LocalDate.parse(value).toString();
            };
        } catch (DateTimeException e) {
            throw new SearchTextException(key.name().toLowerCase(Locale.ROOT)
                    + ": needs a date such as 2026-11-30, 2026-11 or 2026; use quotes to search for the words");
        }
    }
}
