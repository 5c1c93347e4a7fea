package dev.streamingsaga.content;

import java.text.CharacterIterator;

/** Counts how often its characters are read, and knows the longest part that was taken out of it. */
final class CountedText implements CharSequence {
    private final String text;
    private long reads;
    private int longestPart;

    CountedText(String text) {
        this.text = text;
    }

    long reads() {
        return reads;
    }

    int longestPart() {
        return longestPart;
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        reads++;
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        longestPart = Math.max(longestPart, end - start);
        reads += end - start;
        return text.substring(start, end);
    }

    @Override
    public String toString() {
        reads += text.length();
        return text;
    }

    /** An iterator whose steps are counted. */
    CharacterIterator iterator() {
        return new Steps();
    }

    private final class Steps implements CharacterIterator {
        private int at;

        @Override
        public char first() {
            return setIndex(0);
        }

        @Override
        public char last() {
            return setIndex(Math.max(0, text.length() - 1));
        }

        @Override
        public char current() {
            reads++;
            return at < text.length() ? text.charAt(at) : DONE;
        }

        @Override
        public char next() {
            at = Math.min(at + 1, text.length());
            return current();
        }

        @Override
        public char previous() {
            reads++;
            return at == 0 ? DONE : text.charAt(--at);
        }

        @Override
        public char setIndex(int position) {
            at = position;
            return current();
        }

        @Override
        public int getBeginIndex() {
            return 0;
        }

        @Override
        public int getEndIndex() {
            return text.length();
        }

        @Override
        public int getIndex() {
            return at;
        }

        @Override
        public Object clone() {
            try {
                return super.clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
