package dev.streamingsaga.intake;

import dev.streamingsaga.access.SecurityLabel;

/** The sender as a part of a {@link BodyKey}: a body with another owner or classification is another document. */
public final class LabelledSender {
    private LabelledSender() {}

    /** @param usual label of documents that come without one; it does not change the key */
    public static String of(String sender, SecurityLabel label, SecurityLabel usual) {
        return label.equals(usual) ? sender : sender + "\n" + label.owner() + "\n" + label.classification();
    }
}
