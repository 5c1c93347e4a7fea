package dev.streamingsaga.office;

import dev.streamingsaga.extractor.Attachments;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Set;
import org.apache.poi.poifs.filesystem.DirectoryEntry;
import org.apache.poi.poifs.filesystem.EntryUtils;
import org.apache.poi.poifs.filesystem.POIFSFileSystem;
import org.apache.tika.extractor.EmbeddedDocumentExtractor;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.xml.sax.ContentHandler;

/** Collects the files inside an office document while Tika parses it. */
final class OfficeAttachments implements EmbeddedDocumentExtractor {
    private static final Set<String> NO_FILES = Set.of("THUMBNAIL", "MACRO", "METADATA", "FONT", "VERSION");

    private final Attachments attachments;

    OfficeAttachments(Attachments attachments) {
        this.attachments = attachments;
    }

    @Override
    public boolean shouldParseEmbedded(Metadata about) {
        String kind = value(about, TikaCoreProperties.EMBEDDED_RESOURCE_TYPE.getName());
        boolean picture = value(about, Metadata.CONTENT_TYPE).startsWith("image/");
        return !picture && !NO_FILES.contains(kind);
    }

    @Override
    public void parseEmbedded(InputStream stream, ContentHandler handler, Metadata about, boolean outputHtml)
            throws IOException {
        String path = value(about, TikaCoreProperties.RESOURCE_NAME_KEY).replace('\\', '/');
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (stream instanceof TikaInputStream opened && opened.getOpenContainer() instanceof DirectoryEntry directory) {
            attachments.add(name, fileOf(directory));
        } else {
            attachments.add(name, stream);
        }
    }

    /** An OLE2 file inside another one is a directory of it. */
    private static InputStream fileOf(DirectoryEntry directory) throws IOException {
        try (POIFSFileSystem file = new POIFSFileSystem()) {
            EntryUtils.copyNodes(directory, file.getRoot());
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            file.writeFilesystem(bytes);
            return new ByteArrayInputStream(bytes.toByteArray());
        }
    }

    private static String value(Metadata about, String key) {
        return Objects.requireNonNullElse(about.get(key), "");
    }
}
