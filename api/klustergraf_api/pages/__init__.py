"""The pages: templates, messages in Swedish and English, one style sheet."""
