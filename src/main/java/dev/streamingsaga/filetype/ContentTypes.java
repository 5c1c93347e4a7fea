package dev.streamingsaga.filetype;

import dev.streamingsaga.charset.Ebcdic;
import dev.streamingsaga.charset.UnicodeForms;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.tika.detect.zip.DefaultZipContainerDetector;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.mime.MediaType;
import org.apache.tika.mime.MediaTypeRegistry;
import org.apache.tika.mime.MimeTypes;

/**
 * Detects the MIME type from the first 64 KiB. The file name only selects a subtype of the type that the bytes show
 * ({@code text/plain} to {@code text/csv}, an OLE2 container to {@code application/msword}) and never overrides it.
 */
public final class ContentTypes {
    static final int PREFIX_BYTES = 64 * 1024;
    public static final String UNKNOWN = MediaType.OCTET_STREAM.toString();

    /** With fewer bytes, the lack of control characters may be chance. */
    private static final int MIN_TEXT_BYTES = 64;

    private static final String TEXT_CONTROLS = "\t\n\r\f\u001B";

    private static final MediaType PDF = MediaType.application("pdf");
    private static final MediaType MAIL = MediaType.parse("message/rfc822");
    private static final MediaType MBOX = MediaType.application("mbox");
    private static final MediaType HTTP = MediaType.application("x-httpresponse");
    private static final MediaType OOXML = MediaType.application("x-tika-ooxml");
    private static final MediaType OLE2 = MediaType.application("x-tika-msoffice");

    private final MimeTypes types = MimeTypes.getDefaultMimeTypes();
    private final MediaTypeRegistry registry = types.getMediaTypeRegistry();
    private final DefaultZipContainerDetector containers = new DefaultZipContainerDetector();

    /** First bytes of a document, at most {@link #PREFIX_BYTES}. */
    public static byte[] prefix(SeekableByteChannel bytes) throws IOException {
        bytes.position(0);
        return Channels.newInputStream(bytes).readNBytes(PREFIX_BYTES);
    }

    public MediaType detect(byte[] prefix, String fileName) throws IOException {
        MediaType found = types.detect(new ByteArrayInputStream(prefix), new Metadata());
        if (found.equals(MediaType.APPLICATION_ZIP) || found.equals(OOXML)) {
            found = container(prefix, found);
        }
        if (found.equals(PDF) && !startsWith(prefix, "%PDF-") && PdfStart.find(prefix) < 0) {
            found = hasNoControls(prefix) ? MediaType.TEXT_PLAIN : MediaType.OCTET_STREAM; // it only mentions PDF
        }
        if (isUnstructured(found)) {
            found = unstructured(prefix, found);
        }
        boolean refinable = found.equals(MediaType.TEXT_PLAIN) || found.equals(OOXML) || found.equals(OLE2);
        MediaType refined = refinable ? refine(found, fileName) : found;
        return refined.equals(MAIL) && !MailStart.mayBeMail(prefix) ? MediaType.TEXT_PLAIN : refined;
    }

    /** Types that Tika also detects for mails, and for a PDF that has something before it. */
    private boolean isUnstructured(MediaType found) {
        return found.equals(MediaType.OCTET_STREAM)
                || found.getType().equals("message")
                || found.equals(MBOX)
                || found.equals(HTTP)
                || registry.isInstanceOf(found, MediaType.TEXT_PLAIN) && !found.equals(MediaType.TEXT_HTML);
    }

    private static MediaType unstructured(byte[] prefix, MediaType found) {
        if (MailStart.isMailbox(prefix)) {
            return MBOX;
        }
        if (MailStart.isMail(prefix)) {
            return MAIL;
        }
        if (PdfStart.find(prefix) >= 0) {
            return PDF;
        }
        if (found.equals(MediaType.OCTET_STREAM)) {
            return looksLikeText(prefix) ? MediaType.TEXT_PLAIN : found;
        }
        return found.equals(MAIL) || found.equals(MBOX) || found.equals(HTTP) ? MediaType.TEXT_PLAIN : found;
    }

    private static boolean startsWith(byte[] prefix, String expected) {
        byte[] bytes = expected.getBytes(StandardCharsets.US_ASCII);
        return prefix.length >= bytes.length && Arrays.equals(prefix, 0, bytes.length, bytes, 0, bytes.length);
    }

    /**
     * Tika detects text in an 8-bit charset as binary if more than a tenth of it is not ASCII, and UTF-16 without a
     * byte order mark. Binary files contain control characters; UTF-16, UTF-32 and EBCDIC do, too.
     */
    private static boolean looksLikeText(byte[] prefix) {
        return prefix.length >= MIN_TEXT_BYTES && hasNoControls(prefix)
                || UnicodeForms.byCharacters(prefix).isPresent()
                || Ebcdic.matches(prefix);
    }

    private static boolean hasNoControls(byte[] prefix) {
        for (byte b : prefix) {
            if (b >= 0 && b < ' ' && TEXT_CONTROLS.indexOf(b) < 0) {
                return false;
            }
        }
        return true;
    }

    /** Detects the office format of a zip by its first entries, so a truncated archive is enough. */
    private MediaType container(byte[] prefix, MediaType fallback) {
        try {
            MediaType inner = containers.detect(new ByteArrayInputStream(prefix), new Metadata());
            return registry.isSpecializationOf(inner, fallback) ? inner : fallback;
        } catch (IOException | RuntimeException e) {
            return fallback; // the archive continues after the prefix: still a zip, but of unknown format
        }
    }

    private MediaType refine(MediaType found, String fileName) throws IOException {
        Metadata name = new Metadata();
        name.set(TikaCoreProperties.RESOURCE_NAME_KEY, fileName);
        MediaType byName = types.detect(new ByteArrayInputStream(new byte[0]), name);
        return registry.isSpecializationOf(byName, found) ? byName : found;
    }

    public boolean isA(String type, MediaType general) {
        MediaType parsed = MediaType.parse(type);
        return parsed != null && registry.isInstanceOf(parsed, general);
    }
}
